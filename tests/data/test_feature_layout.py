from pathlib import Path

import pytest

from monai_ext.data.feature_layout import (
    feature_path,
    level_folder_name,
    parse_encoder_folder,
    parse_level_folder,
    slide_stem,
)


def test_path_is_tridents():
    path = feature_path("job", 2.5, 512, "uni_v1", "TCGA.uuid", overlap_px=32)
    assert path == Path("job/2.5x_512px_32px_overlap/features_uni_v1/TCGA.uuid.h5")


@pytest.mark.parametrize(("mag", "tile", "overlap"), [(20, 256, 0), (2.5, 224, 56)])
def test_folder_name_reads_back(mag, tile, overlap):
    name = level_folder_name(mag, tile, overlap_px=overlap)
    assert parse_level_folder(name) == (mag, tile, overlap)


@pytest.mark.parametrize("name", ["20x", "patches", "x20x_256px_0px_overlap"])
def test_other_folders_are_no_levels(name):
    assert parse_level_folder(name) is None


def test_slide_encoders_are_no_tile_encoders():
    assert parse_encoder_folder("slide_features_titan") is None
    assert parse_encoder_folder("features_conch_v1") == "conch_v1"


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("dir/TCGA-1.uuid.svs", "TCGA-1.uuid"),
        ("a b#ü.OME.TIFF", "a b#ü"),
        ("x.tiff", "x"),
        ("v1.2", "v1.2"),
        (".h5", ".h5"),
        (" 7.ndpi ", "7"),
    ],
)
def test_stem_drops_one_known_ending(name, stem):
    assert slide_stem(name) == stem
