import pytest
import torch

from monai_ext.ops.regions import count_regions, spatial_regions


def pyramid(rng: torch.Generator, keep: float, side: int = 16) -> tuple[torch.Tensor, ...]:
    """Random finest tiles and all their ancestors on three levels."""
    finest = torch.nonzero(torch.rand(side, side, generator=rng) < keep)
    tiles = [finest, torch.unique(finest >> 1, dim=0), torch.unique(finest >> 2, dim=0)]
    level = torch.cat([torch.full((len(part),), k) for k, part in enumerate(tiles)])
    row, col = torch.cat(tiles).unbind(1)
    shuffle = torch.randperm(len(level), generator=rng)
    return level[shuffle], row[shuffle], col[shuffle]


@pytest.mark.parametrize("keep", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("m", [1, 3, 7, 40])
def test_region_ids_agree_on_every_overlapping_pair(rng, keep, m):
    level, row, col = pyramid(rng, keep)
    region = spatial_regions(level, row, col, m)
    assert region.min() == 0
    assert region.max() < m
    for k in (1, 2):
        parent = {
            (r, c): g
            for r, c, g, here in zip(
                row.tolist(), col.tolist(), region.tolist(), (level == k).tolist(), strict=True
            )
            if here
        }
        fine = level < k
        gap = (k - level)[fine]
        place = torch.stack([row[fine] >> gap, col[fine] >> gap], 1).tolist()
        assert [parent[tuple(cell)] for cell in place] == region[fine].tolist()


def test_runs_end_at_the_first_cell_that_reaches_their_share(rng):
    level, row, col = pyramid(rng, 0.3)
    m = 5
    region = spatial_regions(level, row, col, m)
    cell = ((row >> 2) * 1000 + (col >> 2))[level == 0]
    cells, counts = torch.unique(cell, return_counts=True)
    run, seen, expected = 0, 0, {}
    for name, count in zip(cells.tolist(), counts.tolist(), strict=True):
        expected[name] = run
        seen += count
        while run < m - 1 and seen * m >= (run + 1) * len(cell):
            run += 1
    assert region[level == 0].tolist() == [expected[name] for name in cell.tolist()]


def test_full_grid_gives_equal_regions(rng):
    level, row, col = pyramid(rng, 1.0)
    region = spatial_regions(level, row, col, 4)
    assert region[level == 0].bincount().tolist() == [64] * 4
    assert region[level == 2].bincount().tolist() == [4] * 4


def test_fewer_cells_than_regions_give_one_region_each(rng):
    level, row, col = pyramid(rng, 0.02)
    region = spatial_regions(level, row, col, 30)
    cells = int((level == 2).sum())
    assert sorted(region[level == 2].tolist()) == list(range(cells))


def test_instances_over_no_finest_tile_and_padding_have_no_region():
    level = torch.tensor([0, 2, 2, 1, -1])
    row = torch.tensor([0, 0, 5, 9, 0])
    region = spatial_regions(level, row, torch.zeros(5), 3)
    assert region.tolist() == [0, 0, -1, -1, -1]


def test_bag_of_one_coarse_level_is_cut_by_its_own_tiles():
    one = torch.ones(6)
    region = spatial_regions(one, torch.arange(6), one, 3)
    assert region.tolist() == [0, 0, 1, 1, 2, 2]


def test_named_coarsest_level_leaves_coarser_instances_out():
    level = torch.tensor([0, 0, 1, 2])
    region = spatial_regions(level, torch.tensor([0, 3, 1, 0]), torch.zeros(4), 2, coarsest=1)
    assert region.tolist() == [0, 1, 1, -1]


def test_bag_without_instances_has_no_regions():
    empty = torch.zeros(0)
    assert spatial_regions(empty, empty, empty, 3).shape == (0,)
    assert spatial_regions(*torch.full((3, 2), -1), 3).tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("n", "sizes"), [(75, [2] * 29 + [17]), (59, [1] * 29 + [30]), (20, [1] * 20)]
)
def test_counted_regions_follow_the_audited_rule_without_copies(n, sizes):
    zero = torch.zeros(n)
    order = torch.arange(n - 1, -1, -1)
    region = count_regions(zero, zero, order, 30)
    assert region.bincount().tolist() == sizes
    assert region[-1] == 0


def test_counted_regions_are_not_the_same_tissue_across_levels(rng):
    level, row, col = pyramid(rng, 0.3)
    region = count_regions(level, row, col, 7)
    cells = {}
    for r, c, g in zip(*(x[level == 2].tolist() for x in (row, col, region)), strict=True):
        cells[r, c] = g
    fine = level == 0
    place = zip((row[fine] >> 2).tolist(), (col[fine] >> 2).tolist(), strict=True)
    assert [cells[cell] for cell in place] != region[fine].tolist()


@pytest.mark.parametrize("function", [spatial_regions, count_regions])
def test_no_regions_are_refused(function):
    with pytest.raises(ValueError, match="m=0 regions: at least 1 is needed"):
        function(*torch.zeros(3, 2), 0)


def test_coarsest_finer_than_the_bag_is_refused():
    with pytest.raises(ValueError, match="coarsest=0 is finer than level 1"):
        spatial_regions(*torch.ones(3, 2), 2, coarsest=0)
