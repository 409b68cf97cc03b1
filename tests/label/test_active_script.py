"""The script's pool and test images, its numbers, and its one plain line."""

import runpy
from pathlib import Path

import pytest

from monai_ext.data.segmentation_datalist import load_segmentation_datalist
from monai_ext.label.active_settings import read_task
from monai_ext.testing.shared_data import shared_data_path

SCRIPT = Path(__file__).parents[2] / "scripts/active_learning.py"


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(SCRIPT))


def test_all_training_images_are_the_pool_and_part_a_is_held_out(script, tmp_path):
    path = script["_datalist"](str(shared_data_path("glas")), tmp_path)
    held_out = load_segmentation_datalist(path).test
    assert len(held_out) == 60
    assert all(item["slide"].startswith("testA_") for item in held_out)
    task = read_task(path)
    assert len(task.pool) == 85
    assert all(item["slide"].startswith("train_") for item in task.pool)
    assert task.mpp == 0.62


@pytest.mark.parametrize(("text", "numbers"), [("4,8", (4, 8)), (3, (3,)), ((0, 1), (0, 1))])
def test_numbers_come_as_a_command_line_gives_them(script, text, numbers):
    assert script["_numbers"](text) == numbers


def test_what_is_wrong_is_one_plain_line(script, tmp_path):
    with pytest.raises(SystemExit, match=r"has no active\.json"):
        script["report"](str(tmp_path))
    with pytest.raises(SystemExit, match="neither output nor kept"):
        script["report"]()
    with pytest.raises(SystemExit, match=r"manifest\.csv not found"):
        script["run"](str(tmp_path / "out"), source=str(tmp_path))
    assert not (tmp_path / "out").exists()
