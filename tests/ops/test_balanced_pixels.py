"""Classes get equal shares, none gets more than it has, and ignored pixels are never chosen."""

import torch

from monai_ext.ops.balanced_pixels import balanced_pixels


def chosen_counts(labels, places, num_classes, row):
    n = labels.shape[1]
    mine = places[(places >= row * n) & (places < (row + 1) * n)] - row * n
    assert len(mine.unique()) == len(mine)
    return [int((labels[row][mine] == c).sum()) for c in range(num_classes)]


def test_shares_are_equal_and_what_a_class_lacks_goes_to_the_others(rng):
    first = torch.tensor([0] * 50 + [1] * 5 + [2] * 40 + [255] * 5)
    second = torch.tensor([2] * 90 + [255] * 10)
    labels = torch.stack([first, second])
    places = balanced_pixels(labels, 3, 30, rng)
    assert chosen_counts(labels, places, 3, 0) == [13, 5, 12]
    assert chosen_counts(labels, places, 3, 1) == [0, 0, 30]
    assert torch.equal(places, places.sort().values)


def test_all_pixels_where_the_limit_allows_and_none_where_nothing_counts(rng):
    labels = torch.tensor([[0, 1, 255, 1], [255, 255, 255, 255]])
    assert balanced_pixels(labels, 2, 10, rng).tolist() == [0, 1, 3]
    assert balanced_pixels(labels[1:], 2, 10, rng).tolist() == []


def test_every_pixel_of_a_class_is_as_likely(rng):
    labels = torch.tensor([[0] * 10 + [1] * 30])
    hits = torch.zeros(40)
    for _ in range(600):
        hits[balanced_pixels(labels, 2, 10, rng)] += 1
    torch.testing.assert_close(hits[:10] / 600, torch.full((10,), 0.5), atol=0.08, rtol=0)
    torch.testing.assert_close(hits[10:] / 600, torch.full((30,), 1 / 6), atol=0.07, rtol=0)
