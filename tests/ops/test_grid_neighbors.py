"""The table lists exactly the cells within reach, and every entry has its way back."""

import pytest
import torch

from monai_ext.ops.bag_layout import BagParts, pad_bags, unpack_bag
from monai_ext.ops.grid_neighbors import (
    cell_keys,
    flatten_neighbors,
    grid_neighbors,
    grid_offsets,
    spread_heads,
)
from monai_ext.testing.random_bags import random_bag


@pytest.fixture
def parts(rng: torch.Generator) -> BagParts:
    bags = [random_bag(1, size, generator=rng, keep=0.5) for size in ((4, 3), (3, 2))]
    return unpack_bag(pad_bags(bags))


def table_of(parts: BagParts, level: int = 0, window: int = 2) -> torch.Tensor:
    return grid_neighbors(parts.level, parts.row, parts.col, level, window)


@pytest.mark.parametrize(("window", "count"), [(0, 1), (1, 9), (2, 25), (3, 61)])
def test_offsets_are_a_symmetric_disc_in_raster_order(window, count):
    offsets = grid_offsets(window)
    assert len(offsets) == count
    assert offsets == sorted(offsets)
    assert [(-r, -c) for r, c in reversed(offsets)] == offsets
    assert ((window, window) in offsets) == (window <= 3)


def test_two_windows_are_squares_and_three_is_not():
    assert set(grid_offsets(2)) == {(r, c) for r in range(-2, 3) for c in range(-2, 3)}
    assert {(3, 3), (4, 0), (4, 1)} <= set(grid_offsets(3))
    assert (4, 2) not in grid_offsets(3)


def test_negative_window_is_refused():
    with pytest.raises(ValueError, match="window=-1 must be at least 0"):
        grid_offsets(-1)


@pytest.mark.parametrize("window", [0, 1, 2, 3])
@pytest.mark.parametrize("level", [0, 1])
def test_table_equals_the_distances_of_all_pairs(parts, window, level):
    table = table_of(parts, level, window)
    for b in range(2):
        place = torch.stack([parts.row[b], parts.col[b]], 1).double()
        near = torch.cdist(place, place) <= 1.42 * window
        real = parts.level[b] == level
        near = near & real.unsqueeze(0) & real.unsqueeze(1)
        listed = torch.zeros_like(near)
        for i, row in enumerate(table[b]):
            listed[i, row[row >= 0].long()] = True
        assert torch.equal(listed, near)
        assert torch.equal((table[b] >= 0).sum(1), near.sum(1))


def test_slots_are_in_the_order_of_the_offsets_and_lead_back(parts):
    table, offsets = table_of(parts), grid_offsets(2)
    for b, i, s in (table >= 0).nonzero().tolist():
        j = int(table[b, i, s])
        step = (int(parts.row[b, j] - parts.row[b, i]), int(parts.col[b, j] - parts.col[b, i]))
        assert step == offsets[s]
        assert table[b, j, len(offsets) - 1 - s] == i


def test_table_does_not_depend_on_an_offset_of_the_grid(parts):
    moved = parts._replace(row=parts.row - 1000, col=parts.col + 70000)
    assert torch.equal(table_of(moved), table_of(parts))


def test_rows_do_not_meet_across_the_edge_of_the_grid():
    zero = torch.zeros(1, 4).long()
    row, col = torch.tensor([[0, 0, 1, 1]]), torch.tensor([[0, 9, 0, 9]])
    table = grid_neighbors(zero, row, col, 0, 3)
    neighbours = [sorted(set(row[row >= 0].tolist())) for row in table[0]]
    assert neighbours == [[0, 2], [1, 3], [0, 2], [1, 3]]


def test_the_first_of_equal_cells_owns_it_and_the_others_are_alone():
    zero, col = torch.zeros(1, 4).long(), torch.tensor([[5, 6, 5, 6]])
    table = grid_neighbors(zero, zero, col, 0, 1)[0, :, 3:6]
    assert table.tolist() == [[-1, 0, 1], [0, 1, -1], [-1, 2, -1], [-1, 3, -1]]


def test_one_instance_is_its_own_neighbour_and_an_empty_bag_has_a_table():
    one = torch.zeros(1, 1).long()
    assert grid_neighbors(one, one, one, 0, 2).tolist() == [[[-1] * 12 + [0] + [-1] * 12]]
    none = torch.zeros(2, 0).long()
    assert grid_neighbors(none, none, none, 0, 2).shape == (2, 0, 25)


def test_scripted_and_exported_tables_are_the_eager_one(parts):
    class Table(torch.nn.Module):
        def forward(self, level, row, col):
            return grid_neighbors(level, row, col, 0, 2)

    expected, inputs = table_of(parts), parts[:3]
    assert torch.equal(torch.jit.script(grid_neighbors)(*inputs, 0, 2), expected)
    length = torch.export.Dim("length", min=1)
    shapes = {name: {1: length} for name in ("level", "row", "col")}
    program = torch.export.export(Table(), inputs, dynamic_shapes=shapes).module()
    for n in (1, 7, inputs[0].shape[1]):
        short = [value[:, :n] for value in inputs]
        assert torch.equal(program(*short), grid_neighbors(*short, 0, 2))


def test_flat_rows_are_those_of_the_batch_and_absent_ones_the_own(parts):
    table = table_of(parts)
    flat = flatten_neighbors(table, 3)
    n = table.shape[1]
    own = torch.arange(2 * n).unsqueeze(1)
    base = torch.where(table.flatten(0, 1) >= 0, table.flatten(0, 1) + own // n * n, own)
    assert torch.equal(flat.rows.long(), base)
    assert torch.equal(flat.present, (table.flatten(0, 1) >= 0).float())
    assert torch.equal(flat.head_index, spread_heads(flat.rows, 3))
    assert flat.head_index[4, 2].tolist() == [3 * j + 2 for j in flat.rows[4].tolist()]


def test_keys_order_cells_in_raster_order():
    here = torch.tensor([[True, True, True, False]])
    row, col = torch.tensor([[3, 2, 3, -50]]), torch.tensor([[7, 9, 8, -50]])
    keys, width = cell_keys(here, row, col, 2)
    assert width.item() == (9 - 7) + 1 + 2
    assert keys[0, :3].tolist() == [5, 2, 6]
