"""Whatever is done to a file: a SlideError or pixels, nothing else."""

import numpy as np
import pytest

from monai_ext.errors import SlideError
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.wsi import GridSpec, build_grid, open_slide, read_level_tiles


def _flip_bits(data: bytearray, rng: np.random.Generator) -> bytearray:
    for _ in range(rng.integers(1, 20)):
        data[rng.integers(len(data))] ^= 1 << rng.integers(8)
    return data


def _cut(data: bytearray, rng: np.random.Generator) -> bytearray:
    return data[: rng.integers(1, len(data))]


def _clear(data: bytearray, rng: np.random.Generator) -> bytearray:
    start, size = rng.integers(len(data) - 3000), rng.integers(1, 3000)
    data[start : start + size] = bytes(size)
    return data


def _edit_tags(data: bytearray, rng: np.random.Generator) -> bytearray:
    first = int.from_bytes(data[4:8], "little")
    for _ in range(rng.integers(1, 6)):
        data[first + rng.integers(300)] = rng.integers(256)
    return data


def _read_all(path) -> None:
    with open_slide(path) as slide:
        size = slide.info.width, slide.info.height
        if max(size) > 20_000:  # a size that the damage made up; all of it would take long
            slide.read_region(0, 0, 256, 256, 0)
            return
        grid = build_grid(GridSpec(128, (0.5, 1.0), 0.02, 0.0, 1.3), 0.5, size)
        for _ in read_level_tiles(slide, grid, [0, 1]):
            pass


@pytest.mark.parametrize("damage", [_flip_bits, _cut, _clear, _edit_tags])
@pytest.mark.parametrize("seed", range(12))
def test_damage_gives_a_slide_error_or_pixels(tmp_path, slide_image, damage, seed):
    path = write_tiny_slide(
        tmp_path / "a.tif", slide_image[:300, :400], shared_tables=seed % 2 == 0, factors=(1, 2)
    )
    path.write_bytes(damage(bytearray(path.read_bytes()), np.random.default_rng(seed)))
    try:
        _read_all(path)
    except SlideError as error:
        assert str(path) in str(error)  # noqa: PT017


@pytest.mark.parametrize("seed", range(20))
def test_truncated_slide_is_never_read(tmp_path, slide_image, seed):
    path = write_tiny_slide(tmp_path / "a.tif", slide_image[:300, :400], factors=(1, 2))
    path.write_bytes(_cut(bytearray(path.read_bytes()), np.random.default_rng(seed)))
    with pytest.raises(SlideError, match=r"a\.tif"):
        _read_all(path)
