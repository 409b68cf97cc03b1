"""The handler in MONAI's evaluator: tables, pictures, faults of single slides."""

import csv
import gzip
import json
import logging

import numpy as np
import pytest
import torch
from monai.data import Dataset
from monai.engines import SupervisedEvaluator
from PIL import Image
from shapely.geometry import box, shape
from shapely.ops import unary_union
from torch import nn
from torch.utils.data import DataLoader

from monai_ext.data import (
    SlideFeatures,
    collate_bags,
    feature_path,
    write_failures,
    write_features,
)
from monai_ext.errors import SettingError
from monai_ext.hashing import state_hash
from monai_ext.ops.bag_layout import unpack_bag
from monai_ext.outputs.predictions import read_predictions
from monai_ext.outputs.provenance import Provenance
from monai_ext.outputs.slide_outputs import SlideOutputs
from monai_ext.outputs.slide_pictures import PictureSettings, SlidePictures
from monai_ext.testing.slide_damage import truncate_file
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.transforms import LoadBagd
from monai_ext.wsi.open_slide import open_slide

STEP = 64
SQUARES = {  # slide: size, dark square
    "one": ((640, 512), (128, 64, 256, 192)),
    "two": ((512, 384), (320, 192, 448, 320)),
    "three": ((768, 512), (0, 384, 128, 512)),
}
CLASSES = ["normal", "tumour"]
SETTINGS = PictureSettings(
    heatmap=True,
    geojson=True,
    contact_sheet=True,
    long_side_px=300,
    top=4,
    bottom=2,
    columns=4,
    tile_px=48,
)


class DarkNet(nn.Module):
    """Attends to the first feature; calls a slide tumour by a learned scale of its mean."""

    def __init__(self, fail_on=None):
        super().__init__()
        self.scale, self.fail_on = nn.Parameter(torch.tensor(3.0)), fail_on
        self.bags = []

    def forward(self, bag):
        parts = unpack_bag(bag)
        share = torch.where(parts.level == 0, parts.features[..., 0], 0.0).sum(1)
        return torch.stack([torch.zeros_like(share), self.scale * share - 4.0], 1)

    def explain(self, bag):
        self.bags.append(bag)
        if self.fail_on is not None and bag.shape[2] == self.fail_on:
            raise RuntimeError("out of memory")
        return {"logits": self(bag), "attention": unpack_bag(bag).features[..., 0]}


def _write_slide(folder, name):
    (width, height), square = SQUARES[name]
    image = np.full((height, width, 3), 235, dtype=np.uint8)
    image[square[1] : square[3], square[0] : square[2]] = (70, 20, 90)
    folder.mkdir(parents=True, exist_ok=True)
    return write_tiny_slide(folder / f"{name}.tiff", image, factors=(1, 2))


def _write_features(folder, name, slide_hash, **change):
    (width, height), square = SQUARES[name]
    files = []
    for level in range(2):
        step = STEP << level
        row, col = (a.ravel() for a in np.indices((-(-height // step), -(-width // step))))
        corner = np.stack([col, row], axis=1) * step
        wide = np.minimum(corner[:, 0] + step, square[2]) - np.maximum(corner[:, 0], square[0])
        high = np.minimum(corner[:, 1] + step, square[3]) - np.maximum(corner[:, 1], square[1])
        dark = np.clip(wide, 0, None) * np.clip(high, 0, None) / step**2
        item = SlideFeatures(
            slide=name,
            features=np.stack([dark, np.ones_like(dark)], axis=1).astype(np.float32),
            coords=corner.astype(np.int64),
            **{
                "step_px": float(step),
                "tile_px": 64,
                "overlap_px": 0,
                "mpp": 0.5 * 2**level,
                "slide_mpp": 0.5,
                "grid_level": level,
                "encoder_id": "toy",
                "weight_hash": "weights",
                "slide_hash": slide_hash,
                "level0_size": (width, height),
                "request": {"tile_px": 64},
            }
            | change,
        )
        path = feature_path(folder, 20 / 2**level, 64, "toy", name)
        files.append(str(write_features(path, item)))
    return files


@pytest.fixture
def items(tmp_path):
    """One item a slide; their files lie in nested folders of ``slides``."""
    found = []
    for k, name in enumerate(SQUARES):
        path = _write_slide(tmp_path / "slides" / f"folder{k}", name)
        with open_slide(path) as slide:
            files = _write_features(tmp_path / "features", name, slide.info.slide_hash)
        patient = "SECRET-7" if k < 2 else "SECRET-9"
        found.append({"image": files, "slide": name, "patient": patient, "label": int(k < 2)})
    return found


def _run(items, output, *, network=None, batch_size=1, transform=None, **kwargs):
    handler = SlideOutputs(output, CLASSES, **{"pictures": SETTINGS, "split_hash": "sp"} | kwargs)
    data = Dataset(items, transform=transform or LoadBagd("image"))
    evaluator = SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=DataLoader(data, batch_size=batch_size, collate_fn=collate_bags),
        network=network or DarkNet(),
        val_handlers=[handler],
    )
    evaluator.run()
    return handler


def _files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def _hot(path, above=0.999):
    document = json.loads(path.read_text())
    return unary_union(
        [
            shape(feature["geometry"])
            for feature in document["features"]
            if feature["properties"]["measurements"]["attention"] > above
        ]
    )


def test_every_slide_gets_tables_and_pictures(items, tmp_path):
    _run(items, tmp_path / "out", slides_dir=tmp_path / "slides")
    kinds = ["contact_sheets/{}_tiles.png", "geojson/{}.geojson", "heatmaps/{}_heatmap.png"]
    expected = [kind.format(name) for kind in kinds for name in SQUARES]
    tables = ["predictions.csv", "predictions_patients.csv"]
    assert _files(tmp_path / "out") == sorted(expected + tables)
    for name, (_, square) in SQUARES.items():
        assert _hot(tmp_path / f"out/geojson/{name}.geojson").equals(box(*square))


def test_predictions_are_the_networks_with_label_and_patient(items, tmp_path):
    network = DarkNet()
    _run(items, tmp_path / "out", network=network, pictures=None)
    table = read_predictions(tmp_path / "out/predictions.csv")
    logit = 3.0 * 4 - 4.0  # four dark tiles of the finest level
    p = 1 / (1 + np.exp(-logit))
    np.testing.assert_allclose(table.probabilities(), [[1 - p, p]] * 3, rtol=1e-6)
    assert [(r.slide, r.patient, r.label) for r in table.rows] == [
        ("one", "SECRET-7", "tumour"),
        ("three", "SECRET-9", "normal"),
        ("two", "SECRET-7", "tumour"),
    ]
    patients = read_predictions(tmp_path / "out/predictions_patients.csv")
    assert [(r.patient, r.slide) for r in patients.rows] == [
        ("SECRET-7", "one;two"),
        ("SECRET-9", "three"),
    ]


def test_padded_batch_gives_the_same_files_and_explains_each_slide_once(items, tmp_path):
    network = DarkNet()
    _run(items, tmp_path / "single", slides_dir=tmp_path / "slides")
    _run(items, tmp_path / "batch", network=network, batch_size=3, slides_dir=tmp_path / "slides")
    assert len(network.bags) == 3
    assert all((bag[0, 0] >= 0).all() for bag in network.bags)
    assert _files(tmp_path / "single") == _files(tmp_path / "batch")
    for name in _files(tmp_path / "single"):
        one, other = (tmp_path / f / name for f in ("single", "batch"))
        assert one.read_bytes() == other.read_bytes(), name


def test_each_kind_of_picture_can_be_switched_off_by_a_word(items, tmp_path):
    one = PictureSettings("False", True, "no", 100, 1, 1, 1, 16, is_packed="true")
    _run(items[:1], tmp_path / "out", pictures=one, slides_dir=tmp_path / "slides")
    assert _files(tmp_path / "out") == [
        "geojson/one.geojson.gz",
        "predictions.csv",
        "predictions_patients.csv",
    ]
    packed = (tmp_path / "out/geojson/one.geojson.gz").read_bytes()
    assert len(json.loads(gzip.decompress(packed))["features"]) == 80


def test_geojson_carries_prediction_provenance_and_class_of_the_slide(items, tmp_path):
    network = DarkNet()
    _run(items[:1], tmp_path / "out", network=network, slides_dir=tmp_path / "slides")
    document = json.loads((tmp_path / "out/geojson/one.geojson").read_text())
    row = read_predictions(tmp_path / "out/predictions.csv").rows[0]
    chain = Provenance(**{k: v for k, v in document["provenance"].items() if k != "id"})
    assert chain.id == document["provenance"]["id"] == row.provenance
    assert (chain.encoder_id, chain.weight_hash, chain.split_hash) == ("toy", "weights", "sp")
    assert chain.checkpoint_hash == state_hash(network.state_dict())
    assert chain.slide_hash
    assert chain.request_hash
    assert document["prediction"] == dict(zip(CLASSES, row.probabilities, strict=True)) or (
        document["prediction"]["tumour"] == pytest.approx(row.probabilities[1], rel=1e-8)
    )
    classes = {f["properties"]["classification"]["name"] for f in document["features"]}
    assert classes == {"slide predicted tumour"}
    with Image.open(tmp_path / "out/heatmaps/one_heatmap.png") as picture:
        assert picture.info["provenance"] == row.provenance


def test_other_weights_change_the_provenance(items, tmp_path):
    ids = []
    for k, scale in enumerate((3.0, 3.5)):
        network = DarkNet()
        network.scale.data.fill_(scale)
        _run(items[:1], tmp_path / str(k), network=network, pictures=None)
        ids.append(read_predictions(tmp_path / str(k) / "predictions.csv").rows[0].provenance)
    assert ids[0] != ids[1]


def test_broken_slide_file_is_recorded_and_keeps_prediction_and_geojson(items, tmp_path):
    truncate_file(tmp_path / "slides/folder1/two.tiff", 0.3)
    handler = _run(items, tmp_path / "out", slides_dir=tmp_path / "slides")
    assert list(handler.failures) == ["two"]
    with (tmp_path / "out/failed.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["slide"] == "two"
    assert "two.tiff" in row["reason"]
    assert (tmp_path / "out/geojson/two.geojson").exists()
    assert len(read_predictions(tmp_path / "out/predictions.csv").rows) == 3
    assert len(list((tmp_path / "out/heatmaps").iterdir())) == 3
    assert not (tmp_path / "out/contact_sheets/two_tiles.png").exists()


def test_slide_without_file_is_no_failure_and_said_once(items, tmp_path, caplog):
    (tmp_path / "slides/folder1/two.tiff").unlink()
    with caplog.at_level(logging.WARNING, "monai_ext"):
        handler = _run(items, tmp_path / "out", slides_dir=tmp_path / "slides")
    assert handler.failures == {}
    assert handler.without_file == ["two"]
    assert not (tmp_path / "out/failed.csv").exists()
    assert "1 of 3 slides have no file" in caplog.text
    assert _hot(tmp_path / "out/geojson/two.geojson").equals(box(*SQUARES["two"][1]))
    frame = json.loads((tmp_path / "out/geojson/two.geojson").read_text())["frame"]
    assert frame == {"x": 0, "y": 0, "width": 512, "height": 384, "is_bounds_known": False}
    assert (tmp_path / "out/heatmaps/two_heatmap.png").exists()


def test_other_file_of_the_same_name_is_refused(items, tmp_path):
    files = _write_features(tmp_path / "others", "one", "another-slide")
    handler = _run([{**items[0], "image": files}], tmp_path / "out", slides_dir=tmp_path / "slides")
    assert "is not the one that the features were made of" in handler.failures["one"]
    assert not (tmp_path / "out/contact_sheets").exists()


def test_path_in_the_item_goes_before_the_folder(items, tmp_path):
    path = str(tmp_path / "slides/folder0/one.tiff")
    handler = _run([{**items[0], "slide_path": path}], tmp_path / "out")
    assert handler.without_file == []
    assert (tmp_path / "out/contact_sheets/one_tiles.png").exists()


def test_network_that_fails_on_one_slide_loses_only_that_one(items, tmp_path):
    (width, height), _ = SQUARES["two"]
    tiles = width // 64 * height // 64 + width // 128 * height // 128
    handler = _run(items, tmp_path / "out", network=DarkNet(fail_on=tiles), pictures=None)
    assert handler.failures == {"two": "out of memory"}
    rows = read_predictions(tmp_path / "out/predictions.csv").rows
    assert [row.slide for row in rows] == ["one", "three"]


def test_features_without_places_give_a_prediction_and_no_picture(items, tmp_path, caplog):
    for name in SQUARES:
        files = _write_features(tmp_path / "placeless", name, None, step_px=None)
        items = [{**item, "image": files[:1]} if item["slide"] == name else item for item in items]
    with caplog.at_level(logging.WARNING, "monai_ext"):
        handler = _run(
            items,
            tmp_path / "out",
            transform=LoadBagd("image", is_spatial=False),
            slides_dir=tmp_path / "slides",
        )
    assert (handler.failures, sorted(handler.without_place)) == ({}, sorted(SQUARES))
    assert _files(tmp_path / "out") == ["predictions.csv", "predictions_patients.csv"]
    assert "features of 3 of 3 slides do not say" in caplog.text


def test_slide_that_comes_twice_is_recorded(items, tmp_path):
    handler = _run([items[0], items[1], items[0]], tmp_path / "out", pictures=None)
    assert "slide one comes twice" in handler.failures["one"]
    assert len(read_predictions(tmp_path / "out/predictions.csv").rows) == 2


def test_patients_with_two_labels_have_no_patient_table(items, tmp_path):
    items[1]["label"] = 0
    _run(items, tmp_path / "out", pictures=None)
    assert _files(tmp_path / "out") == ["predictions.csv"]


def test_unknown_labels_stay_empty(items, tmp_path):
    mixed = [{k: v for k, v in item.items() if k != "label"} for item in items[:2]]
    _run(mixed, tmp_path / "out", pictures=None)
    _run([{**item, "label": -1} for item in items], tmp_path / "minus", pictures=None)
    for folder in ("out", "minus"):
        table = read_predictions(tmp_path / folder / "predictions.csv")
        assert {row.label for row in table.rows} == {None}


def test_earlier_failures_of_other_slides_stay_and_mended_ones_go(items, tmp_path):
    write_failures(tmp_path / "out/failed.csv", {"one": "was broken", "elsewhere": "no tissue"})
    _run(items, tmp_path / "out", pictures=None)
    text = (tmp_path / "out/failed.csv").read_text()
    assert text == "slide,reason\nelsewhere,no tissue\n"


def test_slides_that_failed_before_are_recorded_too(items, tmp_path):
    handler = _run(items, tmp_path / "out", pictures=None, failed={"broken": "no mpp"})
    assert handler.failures == {"broken": "no mpp"}
    assert (tmp_path / "out/failed.csv").read_text() == "slide,reason\nbroken,no mpp\n"


@pytest.mark.parametrize(("mpp", "expected"), [(None, 0.5), (0.25, 0.25)])
def test_scale_is_the_users_else_the_slides(items, tmp_path, monkeypatch, mpp, expected):
    seen = []

    def watched(self, name, tiles, slide, provenance, *, mpp):
        seen.append(mpp)

    monkeypatch.setattr(SlidePictures, "write_heatmap", watched)
    item = items[0] if mpp is None else {**items[0], "mpp": mpp}
    _run([item], tmp_path / "out", slides_dir=tmp_path / "slides")
    assert seen == [pytest.approx(expected, rel=1e-4)]


def test_no_patient_id_is_logged_or_leaves_in_a_picture(items, tmp_path, caplog):
    with caplog.at_level(logging.DEBUG):
        _run(items, tmp_path / "out", slides_dir=tmp_path / "slides")
    assert "SECRET" not in caplog.text
    for path in (tmp_path / "out").rglob("*"):
        if path.suffix in (".png", ".geojson"):
            assert b"SECRET" not in path.read_bytes()


def test_second_run_starts_afresh(items, tmp_path):
    handler = SlideOutputs(tmp_path / "out", CLASSES)
    data = Dataset(items, transform=LoadBagd("image"))
    evaluator = SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=DataLoader(data, collate_fn=collate_bags),
        network=DarkNet(),
        val_handlers=[handler],
    )
    evaluator.run()
    evaluator.run()
    assert handler.failures == {}


def test_bad_class_names_are_refused_before_the_run(tmp_path):
    with pytest.raises(SettingError, match="class names"):
        SlideOutputs(tmp_path, ["label", "b"])


def test_network_that_cannot_explain_ends_the_run_before_the_first_slide(items, tmp_path):
    with pytest.raises(SettingError, match=r"network Linear.*explain\(bag\)"):
        _run(items, tmp_path / "out", network=nn.Linear(1, 1))
