import numpy as np
import pytest

from monai_ext.data import join_levels, read_features
from tests.data.feature_files import square, write_stamp

FEATURES = np.ones((16, 3))


def test_newer_attributes(tmp_path):
    path = write_stamp(
        tmp_path / "s.h5",
        FEATURES,
        square() * 256.0,
        stamp_version="2.4.0",
        extractor="uni2",
        unit="um",
        tile_size_um=256.0,
        tile_size_px=224,
        code_hash="abcd1234",
    )
    found = read_features(path)
    assert (found.step_px, found.coords_unit, found.tile_px) == (256, "um", 224)
    assert (found.encoder_id, found.transform_hash) == ("uni2", "abcd1234")
    assert found.mpp == pytest.approx(256 / 224)
    assert join_levels([found]).col.tolist() == square()[:, 0].tolist()


def test_version_two_zero_calls_the_tile_differently(tmp_path):
    path = write_stamp(
        tmp_path / "s.h5",
        FEATURES,
        square() * 128.0,
        stamp_version="2.0.0",
        unit="um",
        tile_size=128.0,
    )
    assert read_features(path).step_px == 128


def test_version_one_counts_in_tiles_of_224_px_and_256_um(tmp_path):
    path = write_stamp(
        tmp_path / "s.h5", FEATURES, square() * 224, extractor="STAMP-extract-1.1.0_ctranspath"
    )
    found = read_features(path)
    np.testing.assert_array_equal(found.coords, square() * 256)
    assert (found.step_px, found.tile_px) == (256, 224)


def test_slide_mpp_turns_um_into_pixels(tmp_path):
    path = write_stamp(
        tmp_path / "s.h5", FEATURES, square() * 256.0, stamp_version="2.4.0", tile_size_um=256.0
    )
    found = read_features(path, slide_mpp=0.25)
    np.testing.assert_array_equal(found.coords, square() * 1024)
    assert (found.step_px, found.coords_unit) == (1024, "px")


def test_drift_of_blocks_rounded_to_whole_pixels_does_not_lose_tiles(tmp_path):
    # 256 um at 0.2527 um are 1013.06 px, rounded up to 1014; blocks of 4 tiles are read.
    blocks = np.arange(400)
    x = (blocks // 4) * 4 * 1014 * 0.2527 + (blocks % 4) * 256.0
    coords = np.stack([x, np.zeros(400)], axis=1)
    path = write_stamp(
        tmp_path / "s.h5", np.ones((400, 2)), coords, stamp_version="2.4.0", tile_size_um=256.0
    )
    assert abs(x[-1] / 256 - 399) > 0.3
    assert join_levels([read_features(path)]).col.tolist() == list(range(400))
