import numpy as np
import pytest

from monai_ext.wsi.resample import area_mean, resample, resample_box


def triangle_reference(image, box, out_width, out_height):
    """Separable triangle filter in float64, written from its definition."""

    def weights(size, start, stop, count):
        scale = (stop - start) / count
        support = max(scale, 1.0)
        centres = start + (np.arange(count) + 0.5) * scale
        distance = np.abs(np.arange(size) + 0.5 - centres[:, None]) / support
        weight = np.clip(1 - distance, 0, None)
        return weight / weight.sum(1, keepdims=True)

    rows = weights(image.shape[0], box[1], box[3], out_height)
    cols = weights(image.shape[1], box[0], box[2], out_width)
    return np.einsum("ay,yxc,bx->abc", rows, image.astype(np.float64), cols)


@pytest.mark.parametrize(("fy", "fx"), [(2, 2), (4, 4), (3, 3), (2, 4), (1, 2), (16, 16), (20, 20)])
def test_area_mean_is_the_rounded_mean(np_rng, fy, fx):
    images = np_rng.integers(0, 256, (3, 5 * fy, 7 * fx, 3), dtype=np.uint8)
    mean = images.reshape(3, 5, fy, 7, fx, 3).astype(np.float64).mean((2, 4))
    np.testing.assert_array_equal(area_mean(images, fy, fx), np.floor(mean + 0.5))


@pytest.mark.parametrize("factor", [16, 17, 20])
def test_large_bright_blocks_do_not_overflow(factor):
    images = np.full((1, 2 * factor, 3 * factor, 3), 255, np.uint8)
    assert (area_mean(images, factor, factor) == 255).all()


def test_equal_size_is_not_touched(np_rng):
    images = np_rng.integers(0, 256, (1, 8, 9, 3), dtype=np.uint8)
    assert resample(images, 9, 8) is images


@pytest.mark.parametrize(("width", "height"), [(48, 32), (64, 64), (90, 77), (200, 150)])
def test_other_factors_agree_with_the_definition(slide_image, width, height):
    image = slide_image[:67, :93]
    reference = triangle_reference(image, (0, 0, 93, 67), width, height)
    assert np.abs(resample(image[None], width, height)[0] - reference).max() <= 1.01


@pytest.mark.parametrize("box", [(1.25, 2.5, 70.75, 60.5), (0.0, 0.0, 92.5, 66.25)])
def test_fractional_box_agrees_with_the_definition(slide_image, box):
    image = slide_image[:67, :93]
    reference = triangle_reference(image, box, 40, 31)
    assert np.abs(resample_box(image, box, 40, 31) - reference).max() <= 1.01


def test_whole_box_is_cut_out_and_averaged(slide_image):
    image = slide_image[:67, :93]
    np.testing.assert_array_equal(
        resample_box(image, (4, 6, 44, 26), 20, 10), area_mean(image[None, 6:26, 4:44], 2, 2)[0]
    )


def test_input_is_left_as_it_is(slide_image):
    image = slide_image[:60, :90].copy()
    resample_box(image, (0, 0, 90, 60), 44, 31)
    np.testing.assert_array_equal(image, slide_image[:60, :90])
