"""A written slide is a pyramid that OpenSlide reads back with its mpp."""

import numpy as np
import openslide
import pytest

from monai_ext.data.pyramid_tiff import halve, pyramid_shapes, write_pyramid_tiff
from monai_ext.errors import SettingError


@pytest.fixture
def picture(np_rng: np.random.Generator) -> np.ndarray:
    """Smooth colours, 150 x 301 pixels: JPEG keeps them within a few grey levels."""
    y, x = np.mgrid[0:150, 0:301]
    waves = [np.sin(x / 40 + k) * np.cos(y / 30) for k in np_rng.uniform(0, 6, 3)]
    return (127 + 100 * np.stack(waves, axis=-1)).astype(np.uint8)


def read_level(slide: openslide.OpenSlide, level: int) -> np.ndarray:
    region = slide.read_region((0, 0), level, slide.level_dimensions[level])
    return np.asarray(region.convert("RGB"))


def test_openslide_reads_the_pyramid_and_mpp(picture, tmp_path):
    path = write_pyramid_tiff(tmp_path / "a.tif", picture, (301, 150), mpp=0.62, tile_px=64)
    with openslide.OpenSlide(path) as slide:
        assert slide.level_dimensions == ((301, 150), (151, 75), (76, 38), (38, 19))
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.62, rel=1e-6)
        assert float(slide.properties["openslide.mpp-y"]) == pytest.approx(0.62, rel=1e-6)
        assert slide.properties["openslide.level[1].tile-width"] == "64"


@pytest.mark.parametrize("subsampling", ["444", "420"])
def test_each_level_is_the_mean_of_level_0(picture, tmp_path, subsampling):
    path = write_pyramid_tiff(
        tmp_path / "a.tif",
        picture,
        (301, 150),
        mpp=0.5,
        tile_px=64,
        quality=95,
        subsampling=subsampling,
    )
    expected = picture
    with openslide.OpenSlide(path) as slide:
        for level in range(3):
            found = read_level(slide, level)
            assert np.abs(found.astype(int) - expected).mean() < 1.5
            expected = halve(expected)


def test_levels_hold_mpp_and_exact_subsampling(picture, tmp_path):
    import tifffile

    path = write_pyramid_tiff(tmp_path / "a.tif", picture, (301, 150), mpp=0.25, tile_px=64)
    with tifffile.TiffFile(path) as tiff:
        tags = [page.aspage().tags for page in tiff.pages]
        per_cm = [tag["XResolution"].value[0] / tag["XResolution"].value[1] for tag in tags]
    assert per_cm == pytest.approx([40000, 20000, 10000, 5000])
    assert {tag["YCbCrSubSampling"].value for tag in tags} == {(1, 1)}
    assert [tag["NewSubfileType"].value for tag in tags] == [0, 1, 1, 1]


def test_bands_of_any_height_give_the_same_file(picture, tmp_path):
    whole = write_pyramid_tiff(tmp_path / "a.tif", picture, (301, 150), mpp=0.5, tile_px=32)
    bands = [picture[:1], picture[1:70], picture[70:143], picture[143:]]
    banded = write_pyramid_tiff(tmp_path / "b.tif", iter(bands), (301, 150), mpp=0.5, tile_px=32)
    assert whole.read_bytes() == banded.read_bytes()


def test_big_tiff_reads_the_same(picture, tmp_path, monkeypatch):
    small = write_pyramid_tiff(tmp_path / "a.tif", picture, (301, 150), mpp=0.5, tile_px=64)
    monkeypatch.setattr("monai_ext.data.pyramid_tiff._CLASSIC_LIMIT", 0)
    big = write_pyramid_tiff(tmp_path / "b.tif", picture, (301, 150), mpp=0.5, tile_px=64)
    assert big.read_bytes()[:4] == b"II\x2b\x00"
    with openslide.OpenSlide(small) as one, openslide.OpenSlide(big) as two:
        np.testing.assert_array_equal(read_level(one, 2), read_level(two, 2))


@pytest.mark.parametrize("rows", [149, 151])
def test_bands_must_add_up_and_nothing_is_left(picture, tmp_path, rows):
    wrong = np.resize(picture, (rows, 301, 3))
    with pytest.raises(SettingError, match=f"{rows} rows. Rule: the slide has 150"):
        write_pyramid_tiff(tmp_path / "a.tif", wrong, (301, 150), mpp=0.5)
    assert list(tmp_path.iterdir()) == []


def test_band_of_another_width_is_refused(picture, tmp_path):
    with pytest.raises(SettingError, match=r"bands are \[rows, 300, 3\]"):
        write_pyramid_tiff(tmp_path / "a.tif", picture, (300, 150), mpp=0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mpp": 0.0}, "um a pixel is positive"),
        ({"tile_px": 100}, "multiples of 16"),
        ({"subsampling": "411"}, "it is one of"),
        ({"size": (0, 5)}, "at least one pixel"),
    ],
)
def test_wrong_settings_are_refused(picture, tmp_path, options, message):
    settings = {"size": (301, 150), "mpp": 0.5} | options
    with pytest.raises(SettingError, match=message):
        write_pyramid_tiff(tmp_path / "a.tif", picture, **settings)


def test_shapes_end_with_one_tile():
    assert pyramid_shapes((100, 1000), 256) == [(100, 1000), (50, 500), (25, 250)]
