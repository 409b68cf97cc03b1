import numpy as np
import pytest
from torch.utils.data import DataLoader

from monai_ext.data import BucketSampler

LENGTHS = np.random.default_rng(0).integers(1, 10_000, 103)


def _sampler(**how):
    return BucketSampler(LENGTHS, **{"batch_size": 4, "seed": 5, **how})


@pytest.mark.parametrize("batch_size", [1, 4, 200])
@pytest.mark.parametrize("is_shuffled", [True, False])
def test_every_bag_comes_once_an_epoch(batch_size, is_shuffled):
    sampler = _sampler(batch_size=batch_size, is_shuffled=is_shuffled)
    batches = list(sampler)
    assert sorted(i for batch in batches for i in batch) == list(range(103))
    assert len(batches) == len(sampler)
    assert max(map(len, batches)) == min(batch_size, 103)


def _padding(batches):
    return sum(len(b) * LENGTHS[b].max() - LENGTHS[b].sum() for b in batches)


def test_buckets_pad_far_less_than_a_plain_shuffle():
    plain = _sampler(batches_a_bucket=1)
    assert _padding(list(_sampler())) < 0.3 * _padding(list(plain))


def test_order_is_decided_by_seed_and_epoch_only():
    one, two = _sampler(), _sampler()
    list(one)  # an epoch passes
    two.set_epoch(1)
    assert list(one) == list(two)
    assert _sampler().batches(0) != _sampler().batches(1)
    assert _sampler().batches(0) != _sampler(seed=6).batches(0)


def test_short_and_long_batches_are_mixed():
    means = [LENGTHS[batch].mean() for batch in _sampler(batches_a_bucket=100).batches(0)]
    assert means != sorted(means)


@pytest.mark.parametrize("done", [0, 1, 13, 25])
def test_it_continues_where_it_was(done):
    whole = _sampler()
    iterator = iter(whole)
    for _ in range(done):
        next(iterator)
    state = whole.state_dict()
    resumed = _sampler()
    resumed.load_state_dict(state)
    assert list(resumed) == list(iterator)
    assert list(resumed) == list(whole)  # and the epoch after


def test_an_iterator_left_suspended_ends_when_the_next_epoch_is_set():
    sampler = BucketSampler([1] * 20, 1, seed=0)
    sampler.set_epoch(1)
    first = iter(sampler)
    assert [next(first) for _ in range(20)] == sampler.batches(1)
    sampler.set_epoch(2)
    assert list(first) == []
    assert list(sampler) == sampler.batches(2)


def test_a_state_of_another_seed_is_refused():
    with pytest.raises(ValueError, match="seed=6 differs from the saved seed 5"):
        _sampler(seed=6).load_state_dict(_sampler().state_dict())


def test_unshuffled_keeps_the_order():
    batches = _sampler(is_shuffled=False).batches(3)
    assert [i for batch in batches for i in batch] == list(range(103))


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_do_not_change_the_order(workers):
    loader = DataLoader(list(range(103)), batch_sampler=_sampler(), num_workers=workers)
    assert [batch.tolist() for batch in loader] == _sampler().batches(0)


@pytest.mark.parametrize("how", [{"batch_size": 0}, {"batches_a_bucket": 0}])
def test_sizes_are_at_least_one(how):
    with pytest.raises(ValueError, match="must be at least 1"):
        _sampler(**how)


def test_no_bags_no_batches():
    assert list(BucketSampler([], 4)) == []


@pytest.mark.parametrize("size", [1, 4, 40])
def test_processes_share_an_epoch_in_equal_parts(size):
    alone = _sampler(batch_size=size).batches(2)
    parts = [_sampler(batch_size=size, processes=3, rank=r) for r in range(3)]
    found = [part.batches(2) for part in parts]
    assert {len(batches) for batches in found} == {len(parts[0])}
    together = [batch for step in zip(*found, strict=True) for batch in step]
    assert together[: len(alone)] == alone
    assert all(batch in alone for batch in together[len(alone) :])
    assert len(together) - len(alone) < 3


def test_fewer_batches_than_processes_are_repeated():
    found = [BucketSampler([1, 1], 1, processes=5, rank=r).batches(0) for r in range(5)]
    assert [len(batches) for batches in found] == [1] * 5
    assert sorted({batch[0] for batches in found for batch in batches}) == [0, 1]


def test_a_process_is_one_of_them():
    with pytest.raises(ValueError, match="rank=2 is none of 2 processes"):
        _sampler(processes=2, rank=2)
