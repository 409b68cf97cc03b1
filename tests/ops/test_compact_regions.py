import pytest
import torch

from monai_ext.ops.compact_regions import compact_regions
from monai_ext.ops.regions import spatial_regions
from monai_ext.ops.segments import segment_counts
from monai_ext.testing.random_bags import random_bag


def grid(rows, cols):
    row, col = torch.meshgrid(torch.arange(rows), torch.arange(cols), indexing="ij")
    return torch.zeros(rows * cols), row.flatten(), col.flatten()


def places(bag):
    return bag[0].long(), bag[1].long(), bag[2].long()


def perimeter(region, row, col):
    """Pairs of neighbouring cells in different regions."""
    of = {(int(r), int(c)): int(k) for r, c, k in zip(row, col, region, strict=True)}
    pairs = [((r, c), (r + dr, c + dc)) for r, c in of for dr, dc in ((0, 1), (1, 0))]
    return sum(of[a] != of[b] for a, b in pairs if b in of)


def test_square_is_cut_into_squares():
    level, row, col = grid(4, 4)
    region = compact_regions(level, row, col, 4)
    assert torch.equal(region.view(4, 4), torch.tensor([[0, 0, 2, 2]] * 2 + [[1, 1, 3, 3]] * 2))


@pytest.mark.parametrize("m", [2, 3, 5, 7, 12])
def test_regions_hold_about_equal_numbers_of_tiles(m):
    level, row, col = grid(24, 20)
    counts = segment_counts(compact_regions(level, row, col, m)[None], m)[0]
    assert counts.sum() == 480
    assert counts.min() >= 1
    assert counts.max() - counts.min() <= 480 / m * 0.25


@pytest.mark.parametrize("m", [6, 12])
def test_borders_are_shorter_than_those_of_runs(m):
    level, row, col = grid(24, 24)
    compact = perimeter(compact_regions(level, row, col, m), row, col)
    assert compact < 0.65 * perimeter(spatial_regions(level, row, col, m), row, col)


def test_descendants_inherit_the_region_of_their_cell(rng):
    level, row, col = places(random_bag(2, (5, 6), generator=rng, keep=0.4))
    region = compact_regions(level, row, col, 7)
    shift = 2 - level
    cell = torch.stack([row >> shift, col >> shift], 1)
    owner = {tuple(c.tolist()): int(k) for c, k in zip(cell, region, strict=True)}
    assert [owner[tuple(c.tolist())] for c in cell] == region.tolist()
    assert set(region.tolist()) == set(range(7))


def test_order_of_instances_does_not_matter(rng):
    level, row, col = places(random_bag(2, (5, 6), generator=rng, keep=0.4))
    order = torch.randperm(len(level), generator=rng)
    region = compact_regions(level, row, col, 7)
    assert torch.equal(compact_regions(level[order], row[order], col[order], 7), region[order])


def test_fewer_cells_than_regions_are_one_each_and_padding_is_none():
    level = torch.tensor([0, 0, 0, -1])
    row, col = torch.tensor([0, 3, 9, 0]), torch.tensor([0, 1, 1, 0])
    assert compact_regions(level, row, col, 5).tolist() == [0, 1, 2, -1]


def test_tissue_of_one_cell_row_is_cut_along_it():
    level, row, col = grid(1, 6)
    assert compact_regions(level, row, col, 3).tolist() == [0, 0, 1, 1, 2, 2]


def test_no_region_is_refused():
    with pytest.raises(ValueError, match="m=0 regions"):
        compact_regions(*grid(2, 2), 0)
