import numpy as np
import pytest
import torch

from monai_ext import wsi
from monai_ext.engines.extraction_cuda import _stored_level, cuda_tile_batches
from monai_ext.errors import SettingError, SlideError
from monai_ext.testing.tiny_slides import write_tiny_slide


def smooth_image(height=300, width=410):
    y, x = np.mgrid[:height, :width]
    return np.stack([x / 2, y / 2, (x + y) / 4], -1).clip(0, 255).astype(np.uint8)


def grid_of(reader, tile_px=32, mpps=(0.5, 1.0), snap_tolerance=0.02):
    spec = wsi.GridSpec(tile_px, mpps, snap_tolerance, 0.1, 1.3)
    return wsi.build_grid(spec, 0.5, (reader.info.width, reader.info.height))


@pytest.fixture
def slide(tmp_path):
    path = write_tiny_slide(tmp_path / "a.tif", smooth_image(), quality=95, subsampling="444")
    with wsi.open_slide(path, "openslide") as reader:
        yield reader


@pytest.mark.parametrize("tile_px", [32, 48])
@pytest.mark.parametrize("level", [0, 1])
def test_tiles_are_those_of_the_reader_with_white_outside(slide, tile_px, level):
    grid = grid_of(slide, tile_px)
    found = list(cuda_tile_batches(slide.info, grid, level, 7, device="cpu"))
    np.testing.assert_array_equal(
        np.concatenate([index for index, _ in found]), np.arange(len(grid.levels[level]))
    )
    pixels = torch.cat([pixels for _, pixels in found]).numpy().astype(int)
    expected = np.concatenate([tiles for _, tiles in wsi.read_tiles(slide, grid, level)])
    assert np.abs(pixels - expected).max() <= 4
    assert np.abs(pixels - expected).mean() <= 0.5
    assert (pixels[-1, -1, -1] == 255).all()


def test_a_single_tile_is_a_batch_too(slide):
    grid = grid_of(slide, 512, (0.5,))
    ((index, pixels),) = cuda_tile_batches(slide.info, grid, 0, 7, device="cpu")
    assert index.tolist() == [0]
    assert pixels.shape == (1, 512, 512, 3)


def test_resampling_happens_where_a_tile_is_no_whole_number_of_stored_px(slide):
    assert _stored_level(slide.info, step_px=130, tile_px=32) == (1, 65)
    assert _stored_level(slide.info, step_px=129, tile_px=32) == (0, 129)
    grid = grid_of(slide, 32, (65 / 64,), snap_tolerance=0)
    assert grid.step_px == 65
    pixels = next(iter(cuda_tile_batches(slide.info, grid, 0, 7, device="cpu")))[1].numpy()
    expected = next(iter(wsi.read_tiles(slide, grid, 0)))[1]
    assert np.abs(pixels[:6].astype(int) - expected[:6]).max() <= 4  # the 7th ends outside


@pytest.mark.skipif(torch.cuda.is_available(), reason="is about machines without CUDA")
def test_without_cuda_the_message_says_so(slide):
    with pytest.raises(SettingError, match="no CUDA was found"):
        list(cuda_tile_batches(slide.info, grid_of(slide), 0, 7))


def test_what_cucim_cannot_open_is_a_fault_of_the_slide(slide, tmp_path):
    import dataclasses

    (tmp_path / "text.tif").write_text("not a slide", encoding="utf-8")
    info = dataclasses.replace(slide.info, path=tmp_path / "text.tif")
    with pytest.raises(SlideError, match=r"cuCIM cannot read slide .*text.tif"):
        list(cuda_tile_batches(info, grid_of(slide), 0, 7, device="cpu"))


@pytest.mark.gpu
def test_tiles_decoded_on_the_gpu_are_those_of_the_cpu(slide):
    grid = grid_of(slide)
    index, pixels = next(iter(cuda_tile_batches(slide.info, grid, 0, 7)))
    assert pixels.is_cuda
    expected = next(iter(wsi.read_tiles(slide, grid, 0)))[1][: len(index)]
    assert np.abs(pixels.cpu().numpy().astype(int) - expected).max() <= 6
