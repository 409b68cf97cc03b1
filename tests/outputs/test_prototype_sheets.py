"""The handler finds the right tiles of the right slides, and reads their pixels."""

import csv
import logging

import numpy as np
import pytest
import torch
from monai.data import Dataset
from monai.engines import SupervisedEvaluator
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader

from monai_ext.data import collate_bags
from monai_ext.errors import SettingError
from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.outputs import PrototypeSheets
from monai_ext.transforms import LoadBagd
from tests.outputs.test_slide_outputs import SQUARES, DarkNet
from tests.outputs.test_slide_outputs import items as items  # noqa: PLC0414  (a fixture)


class TwoBanks(nn.Module):
    """Text prototype 0 likes dark tiles, 1 bright ones; one visual prototype likes dark ones."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, bag):
        return torch.zeros(len(bag), 2)

    def explain(self, bag):
        parts = unpack_bag(bag)
        read = (parts.level == 0).float()
        dark = (parts.features[..., 0] + 0.1) * read
        return {
            "attention": read / read.sum(),
            "text_similarity": torch.stack([dark, (1.2 - dark) * read], -1),
            "vision_similarity": dark.unsqueeze(-1),
        }


def run(items, output, network=None, **settings):
    wanted = {"is_wanted": True, "tiles": 6, "tiles_per_slide": 4, "tile_px": 16, **settings}
    handler = PrototypeSheets(output, ["dark"], **wanted)
    SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=DataLoader(Dataset(items, LoadBagd("image")), collate_fn=collate_bags),
        network=network or TwoBanks(),
        val_handlers=[handler],
    ).run()
    return handler


def table(output):
    with (output / "prototype_sheets/tiles.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_tiles_of_a_prototype_are_those_that_are_most_similar(items, tmp_path):
    run(items, tmp_path, slides_dir=tmp_path / "slides")
    rows = [r for r in table(tmp_path) if (r["bank"], r["prototype"]) == ("text", "0")]
    assert [r["name"] for r in rows] == ["1. dark"] * 6
    assert [r["place"] for r in rows] == ["1", "2", "3", "4", "5", "6"]
    assert {r["slide"] for r in rows} == {"one", "two"}
    for row in rows:
        left, top, right, bottom = SQUARES[row["slide"]][1]
        assert left <= int(row["x"]) < right
        assert top <= int(row["y"]) < bottom
        assert (row["side"], row["similarity"]) == ("64", "1.1")
    names = [r["name"] for r in table(tmp_path) if r["place"] == "1"]
    assert names == ["visual 1", "1. dark", "text 2"]


def test_pictures_show_the_tiles_pixels(items, tmp_path):
    run(items, tmp_path, slides_dir=tmp_path / "slides")
    seen = np.asarray(Image.open(tmp_path / "prototype_sheets/visual.png")).astype(int)
    dark = np.abs(seen - (70, 20, 90)).max(2) < 25
    assert 6 * 16 * 16 * 0.9 < dark.sum() < 6 * 16 * 16 * 1.2
    both = np.asarray(Image.open(tmp_path / "prototype_sheets/text.png")).astype(int)
    assert both.shape[0] > seen.shape[0]


@pytest.mark.parametrize("word", [False, "false"])
def test_nothing_is_done_unless_wanted(items, tmp_path, word):
    run(items, tmp_path / "out", is_wanted=word, network=DarkNet())
    assert not (tmp_path / "out").exists()


def test_slides_without_a_file_are_left_out_with_one_line(items, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        handler = run(items, tmp_path)
    assert handler.left_out == list(SQUARES)
    assert "3 slides without a file or places" in caplog.text
    assert table(tmp_path) == []


def test_a_network_without_prototypes_is_refused_in_words(items, tmp_path, caplog):
    run(items, tmp_path, network=DarkNet(), slides_dir=tmp_path / "slides")
    assert "DarkNet.explain gives no vision_similarity, text_similarity" in caplog.text
    with pytest.raises(SettingError, match="a switch is true or false"):
        run(items, tmp_path, is_wanted="perhaps")
