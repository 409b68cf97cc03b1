"""Rounds ascend, and each goes on from the one before."""

import json

import pytest

from monai_ext.data.segmentation_datalist import write_segmentation_datalist
from monai_ext.errors import SettingError
from monai_ext.label.active_settings import ActiveCell, ActiveSettings, active_cells, read_task
from monai_ext.label.next_square import STRATEGIES
from monai_ext.testing.toy_masks import TOY_CLASSES, write_toy_masks


def given(*rounds):
    return ActiveSettings(rounds=rounds, first_steps=2, steps=1, edge_px=64)


@pytest.mark.parametrize("rounds", [(4,), (), (4, 4), (8, 4), (0, 4)])
def test_rounds_ascend(rounds):
    with pytest.raises(SettingError, match="two numbers or more, ascending"):
        given(*rounds).verify()
    given(4, 8).verify()


def test_a_round_comes_after_the_one_that_it_goes_on_from():
    cells = active_cells(given(2, 4, 8), 5)
    assert len(set(cells)) == len(cells) == 1 + 2 * (len(STRATEGIES) + 1)
    for k, cell in enumerate(cells):
        assert cell.before is None or cell.before in cells[:k]
    assert [cell for cell in cells if cell.before is None] == [ActiveCell(5, "start", 0)]
    assert ActiveCell(5, "random", 1).before == ActiveCell(5, "start", 0)
    assert ActiveCell(5, "random", 2).before == ActiveCell(5, "random", 1)


def test_the_record_holds_every_setting():
    record = json.loads(json.dumps(given(2, 4).record()))
    assert record["rounds"] == [2, 4]
    assert record.keys() == set(ActiveSettings.__dataclass_fields__)


def test_the_pool_has_one_mpp(tmp_path):
    task = read_task(write_toy_masks(tmp_path / "toy"))
    assert (task.mpp, len(task.pool), tuple(task.class_names)) == (0.5, 3, TOY_CLASSES)
    parts = {"training": [{**item, "mpp": k + 1.0} for k, item in enumerate(task.pool)]}
    other = write_segmentation_datalist(tmp_path / "other.json", parts, TOY_CLASSES)
    with pytest.raises(SettingError, match="have not one mpp"):
        read_task(other)
