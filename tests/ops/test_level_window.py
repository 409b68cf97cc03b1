import pytest
import torch

from monai_ext.ops.level_window import level_window

LEVEL = torch.tensor([[0, 0, 1, 1, -1], [0, 1, 1, 0, 1]])


@pytest.mark.parametrize(("wanted", "window"), [(0, (0, 4)), (1, (1, 5)), (2, (0, 0))])
def test_window_is_the_shortest_that_holds_the_level(wanted, window):
    assert level_window(LEVEL, wanted) == window


def test_window_of_a_traced_bag_is_the_whole_bag():
    seen = []

    def function(level):
        seen.append(level_window(level, 0))
        return level

    torch.jit.trace(function, LEVEL, check_trace=False)
    assert seen == [(0, 5)]
