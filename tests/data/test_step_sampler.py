"""So many batches, every item as often, and an order that seed and epoch decide."""

from collections import Counter

import pytest

from monai_ext.data.step_sampler import StepSampler


def test_batches_are_full_and_items_come_equally_often():
    sampler = StepSampler(5, 4, 10, seed=1)
    batches = list(sampler)
    assert len(sampler) == len(batches) == 10
    assert {len(b) for b in batches} == {4}
    assert set(Counter(k for b in batches for k in b).values()) == {8}


def test_few_items_fill_a_batch():
    assert sorted(StepSampler(1, 3, 1).batches(0)[0]) == [0, 0, 0]


def test_epochs_differ_and_repeat():
    sampler = StepSampler(9, 2, 6, seed=3)
    assert sampler.batches(1) != sampler.batches(2)
    assert sampler.batches(1) == StepSampler(9, 2, 6, seed=3).batches(1)
    assert sampler.batches(1) != StepSampler(9, 2, 6, seed=4).batches(1)
    sampler.set_epoch(2)
    assert list(sampler) == sampler.batches(2)


@pytest.mark.parametrize(("items", "size", "steps"), [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_numbers_below_one_are_refused(items, size, steps):
    with pytest.raises(ValueError, match="at least 1"):
        StepSampler(items, size, steps)


def test_processes_take_the_parts_of_larger_batches():
    alone = StepSampler(9, 6, 5, seed=3).batches(4)
    parts = [StepSampler(9, 2, 5, seed=3, processes=3, rank=r).batches(4) for r in range(3)]
    steps = zip(*parts, strict=True)
    assert [[item for part in step for item in part] for step in steps] == alone
