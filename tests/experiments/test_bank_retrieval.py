import pytest
import torch

from monai_ext.experiments.bank_retrieval import retrieval_accuracy

AFFINITY = torch.tensor([[0.5, 0.1, 0.0], [0.0, 0.4, 0.3]])  # text 0 with visual 0, 1 and 2 with 1


def test_partners_that_find_the_same_tiles_are_right():
    to_text = torch.tensor([[0.9, 0.0, 0.0], [0.8, 0.0, 0.0], [0.0, 0.9, 0.1], [0.0, 0.1, 0.9]])
    to_vision = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8]])
    found = retrieval_accuracy(AFFINITY, to_vision, to_text, tiles=1)
    assert found == (1.0, 1.0, 0.5, 0.5)
    crossed = retrieval_accuracy(AFFINITY, to_vision.flip(1), to_text, tiles=1)
    assert crossed.tiles == 0.0


def test_share_is_of_all_looked_at_tiles():
    to_text = torch.tensor([[0.9, 0.9, 0.9], [0.8, 0.8, 0.8], [0.1, 0.1, 0.1]])
    to_vision = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9]])
    found = retrieval_accuracy(AFFINITY, to_vision, to_text, tiles=2)
    assert found.tiles == pytest.approx(1 / 3)
    assert found.most_frequent == pytest.approx(2 / 3)
    assert retrieval_accuracy(AFFINITY, to_vision, to_text, tiles=99).tiles == pytest.approx(4 / 9)


def test_prototypes_that_share_a_partner_do_not_all_return():
    found = retrieval_accuracy(
        torch.tensor([[0.5, 0.1], [0.4, 0.1]]), torch.eye(2), torch.eye(2), tiles=1
    )
    assert found.returned == 0.5
