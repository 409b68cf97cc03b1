"""Labelled and unlabelled batches side by side."""

import torch
from torch.utils.data import DataLoader

from monai_ext.data.paired_loader import PairedLoader


def loader(numbers):
    return DataLoader(torch.tensor(numbers), batch_size=2)


def test_batches_come_in_pairs_until_one_side_ends():
    pairs = PairedLoader(loader([1, 2, 3, 4]), loader([5, 6, 7, 8, 9, 10]))
    for _ in range(2):
        found = [(p["labelled"].tolist(), p["unlabelled"].tolist()) for p in pairs]
        assert found == [([1, 2], [5, 6]), ([3, 4], [7, 8])]
    assert len(pairs) == 2


def test_labelled_batches_may_come_alone():
    pairs = PairedLoader(loader([1, 2, 3]))
    assert [list(p) for p in pairs] == [["labelled"], ["labelled"]]
    assert len(pairs) == 2
