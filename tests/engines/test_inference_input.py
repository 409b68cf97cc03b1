"""Features are taken as they are, slides are extracted, and what cannot be used is named."""

import dataclasses

import h5py
import numpy as np
import pytest

from monai_ext.engines import ExtractionSettings, InferenceInput
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.testing.toy_cohort import write_toy_features

WIDTHS = [6, 5, 4]


def extraction(**change):
    settings = ExtractionSettings(
        dataset_dir="",
        output_dir="",
        tile_px=32,
        mpps=[0.5, 1.0, 2.0],
        snap_tolerance=0.02,
        min_tissue=0.35,
        max_upsample=1.3,
        encoder="tiny",
        batch_size=8,
        prefetch=2,
    )
    return dataclasses.replace(settings, **change)


def source(folder, output, **change):
    values = {"in_channels": WIDTHS, "encoder_id": "toy", "weight_hash": "toyweights"}
    return InferenceInput(folder, output, extraction(), **{**values, **change})


@pytest.fixture
def features(tmp_path):
    folder = tmp_path / "features"
    for k in range(2):
        write_toy_features(folder, f"slide{k}", signal=0, seed=k)
    return folder


def test_items_are_the_slides_with_their_files_finest_first(features, tmp_path):
    items = source(features, tmp_path / "out").items()
    assert [item["slide"] for item in items] == ["slide0", "slide1"]
    assert [path.split("/")[-3].split("x_")[0] for path in items[0]["image"]] == ["20", "10", "5"]


def test_a_damaged_slide_is_named_and_the_others_stay(features, tmp_path):
    with h5py.File(features / "20x_256px_0px_overlap/features_toy/slide0.h5", "r+") as file:
        file["features"][3, 2] = np.nan
    found = source(features, tmp_path / "out")
    assert [item["slide"] for item in found.items()] == ["slide1"]
    assert "NaN" in found.failed["slide0"]


def test_slide_without_a_level_is_named(features, tmp_path):
    (features / "5x_256px_0px_overlap/features_toy/slide1.h5").unlink()
    found = source(features, tmp_path / "out")
    assert [item["slide"] for item in found.items()] == ["slide0"]
    assert "has no file in" in found.failed["slide1"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"in_channels": [6, 5, 9]}, r"features are \[6, 5, 4\] wide"),
        ({"weight_hash": "other"}, "weight_hash toyweights"),
    ],
)
def test_features_of_another_kind_are_refused(features, tmp_path, change, words):
    with pytest.raises(SystemExit, match=words):
        source(features, tmp_path / "out", **change).items()


def test_features_of_another_encoder_are_refused(features, tmp_path):
    with pytest.raises(SystemExit, match="uni_v1"):
        source(features, tmp_path / "out", encoder_id="uni_v1").items()


def test_slides_are_extracted_as_the_training_slides_were(np_rng, tmp_path):
    pixels = np_rng.integers(60, 200, (256, 320, 3)).astype(np.uint8)
    pixels[..., 1] //= 2
    (tmp_path / "slides").mkdir()
    write_tiny_slide(tmp_path / "slides/one.tif", pixels, mpp=0.5)
    change = {"in_channels": [16] * 3, "encoder_id": "tiny", "weight_hash": None}
    items = source(tmp_path / "slides", tmp_path / "out", **change).items()
    assert [item["slide"] for item in items] == ["one"]
    assert "32px" in items[0]["image"][0]
    assert items[0]["image"][0].startswith(str(tmp_path / "out/features"))


def test_one_slide_is_extracted_and_its_neighbours_are_not(np_rng, tmp_path):
    pixels = np_rng.integers(60, 200, (256, 320, 3)).astype(np.uint8)
    pixels[..., 1] //= 2
    for name in ("one", "two"):
        write_tiny_slide(tmp_path / f"{name}.tif", pixels, mpp=0.5)
    change = {"in_channels": [16] * 3, "encoder_id": "tiny", "weight_hash": None}
    found = source(tmp_path / "two.tif", tmp_path / "out", **change)
    assert [item["slide"] for item in found.items()] == ["two"]
    assert not [path for path in (tmp_path / "out").rglob("*") if path.stem == "one"]
    assert found.slides_dir() == tmp_path


def test_slides_are_refused_where_the_grid_is_not_known(tmp_path):
    (tmp_path / "slides").mkdir()
    (tmp_path / "slides/one.tif").touch()
    with pytest.raises(SystemExit, match="came from another tool"):
        source(tmp_path / "slides", tmp_path / "out", can_extract=False).items()


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(SystemExit, match="absent does not exist"):
        source(tmp_path / "absent", tmp_path / "out").items()


def test_features_without_places_are_taken_where_places_are_not_read(tmp_path):
    write_toy_features(tmp_path / "features", "s1", signal=0.0, seed=0)
    for path in (tmp_path / "features").rglob("*.h5"):
        with h5py.File(path, "r+") as file:
            del file["coords"]
            file["features"].attrs.clear()
    given = (tmp_path / "features", tmp_path, extraction())
    with pytest.raises(SystemExit, match="s1"):
        InferenceInput(*given, in_channels=WIDTHS).items()
    found = InferenceInput(*given, in_channels=WIDTHS, is_spatial=False).items()
    assert [item["slide"] for item in found] == ["s1"]
