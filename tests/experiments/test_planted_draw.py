"""Parts are independent, balanced and drawn by the seed."""

import pytest
import torch

from monai_ext.experiments.planted_contiguous import isolated_bags
from monai_ext.experiments.planted_draw import bag_shape, draw_parts
from monai_ext.experiments.planted_levels import finest_level_bags


def make(count, generator):
    return isolated_bags(count, generator, side=3, width=2, shift=1.0)


def test_parts_are_balanced_and_differ():
    draw = draw_parts(make, 0, training=4, test=6)
    assert draw.training.labels.tolist() == [0, 1] * 2
    assert draw.test.labels.tolist() == [0, 1] * 3
    assert (draw.training.bags - draw.test.bags[:4]).abs().max() > 0.1


def test_seed_decides():
    one, same, other = (draw_parts(make, s, training=2, test=2).test.bags for s in (0, 0, 1))
    torch.testing.assert_close(one, same, rtol=0, atol=0)
    assert (one - other).abs().max() > 0.1


def test_shape_is_read_from_the_bags(rng):
    bags = finest_level_bags(2, rng, cells=(2, 3), width=4, tiles=1, shift=1.0).bags
    assert bag_shape(bags) == (4, 2, (0, 1, 2), 6)
    bags[0, 0, -1] = -1
    assert bag_shape(bags).levels == (0, 1, 2)
    assert bag_shape(make(2, rng).bags).regions == 1


@pytest.mark.parametrize("count", [0, 3])
def test_odd_numbers_are_refused(count):
    with pytest.raises(ValueError, match=f"test={count} must be even, at least 2"):
        draw_parts(make, 0, training=2, test=count)


def test_generators_are_seeded_alone():
    before = torch.random.get_rng_state()
    draw_parts(make, 0, training=2, test=2)
    assert torch.equal(torch.random.get_rng_state(), before)
