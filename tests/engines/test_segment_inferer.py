"""Whole slides give what MONAI's sliding window gives on the picture as a whole."""

import tracemalloc

import numpy as np
import pytest
import torch
from monai.inferers import SlidingWindowInferer

from monai_ext.data.label_map import LabelMap, NotSegmented
from monai_ext.engines.segment_inferer import (
    SlideWindowInferer,
    scored_rows,
    segment_slide,
)
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.engines.segment_windows import plan_windows
from monai_ext.errors import SettingError, SlideError
from monai_ext.networks.nets.symmetry_average import SymmetryAverage
from monai_ext.testing.tiny_slides import write_tiny_slide
from tests.engines.segment_parts import Context, image_slide, random_picture, settings_for
from tests.engines.tiny_extraction import TISSUE


def monai_scores(picture, network, **changes):
    chosen = settings_for(**changes)
    inferer = SlidingWindowInferer(
        chosen.roi_px,
        chosen.batch_size,
        chosen.overlap,
        mode=chosen.blend_mode,
        sigma_scale=chosen.sigma_scale,
        cval=chosen.fill,
    )
    image = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    with torch.no_grad():
        return inferer(image, network)[0]


def own_scores(slide, size):
    plan = plan_windows(size, slide.settings.roi_px, slide.settings.overlap)
    with torch.no_grad():
        bands = list(scored_rows(slide, Context(), plan))
    tops = [band.top for band in bands]
    heights = [band.scores.shape[1] for band in bands]
    assert tops == np.cumsum([0, *heights])[:-1].tolist()
    assert all(bool(band.is_seen.all()) for band in bands)
    return torch.cat([band.scores for band in bands], 1)


CASES = [
    (70, 90, {}),
    (70, 90, {"blend_mode": "constant"}),
    (33, 100, {"overlap": 0.5}),
    (64, 64, {"overlap": 0.0}),
    (100, 41, {"overlap": 0.7, "batch_size": 1}),
    (20, 90, {}),
    (90, 20, {"fill": 0}),
    (11, 7, {"roi_px": 48}),
    (1, 1, {}),
    (77, 53, {"roi_px": 40, "overlap": 0.3, "sigma_scale": 0.3}),
]


@pytest.mark.parametrize(("height", "width", "changes"), CASES, ids=str)
def test_scores_and_labels_are_those_of_monai_on_the_whole_picture(
    height, width, changes, tmp_path
):
    picture = random_picture(height, width)
    slide = image_slide(tmp_path / "a.png", picture, **changes)
    expected = monai_scores(picture, Context(), **changes)
    torch.testing.assert_close(own_scores(slide, (width, height)), expected, rtol=0, atol=1e-5)
    found = segment_slide(slide, Context())
    np.testing.assert_array_equal(found.labels, expected.argmax(0).numpy())
    assert len(np.unique(found.labels)) > 1 or height == 1
    assert found.seen.tolist() == np.bincount(found.labels.ravel(), minlength=3).tolist()


def test_probabilities_can_be_blended_in_place_of_logits(tmp_path):
    picture, network = random_picture(70, 90), Context()
    slide = image_slide(tmp_path / "a.png", picture, blended="probabilities")
    expected = monai_scores(picture, lambda image: network(image).softmax(1))
    torch.testing.assert_close(own_scores(slide, (90, 70)), expected, rtol=0, atol=1e-5)
    masses = segment_slide(slide, network).runs.mass.sum()
    of_class = expected.amax(0)[expected.argmax(0) > 0].sum()
    np.testing.assert_allclose(masses, of_class, rtol=1e-5)


def test_turned_and_mirrored_windows_can_be_averaged(tmp_path):
    picture, network = random_picture(70, 90), Context()
    slide = image_slide(tmp_path / "a.png", picture, symmetries=8)
    expected = monai_scores(picture, SymmetryAverage(network, 8))
    torch.testing.assert_close(own_scores(slide, (90, 70)), expected, rtol=0, atol=1e-5)
    assert (expected - monai_scores(picture, network)).abs().max() > 0.1
    image = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    with torch.no_grad():
        found = SlideWindowInferer(settings_for(symmetries=8))(image, network)
    torch.testing.assert_close(found[0], expected)


def test_mass_of_the_runs_is_the_softmax_of_the_blended_logits(tmp_path):
    picture = random_picture(70, 90)
    expected = monai_scores(picture, Context())
    found = segment_slide(image_slide(tmp_path / "a.png", picture), Context())
    top = expected.softmax(0).amax(0)[expected.argmax(0) > 0]
    np.testing.assert_allclose(found.runs.mass.sum(), top.sum(), rtol=1e-5)
    assert (found.runs.stop - found.runs.start).sum() == len(top)


@pytest.mark.parametrize(
    "changes", [{"batch_size": 1}, {"batch_size": 7}, {"prefetch": 1}], ids=str
)
@pytest.mark.parametrize("read_px", [8, 16, 50, 256])
def test_result_depends_neither_on_batch_nor_on_what_is_read_at_a_time(changes, read_px, tmp_path):
    path = write_tiny_slide(tmp_path / "a.tif", random_picture(160, 224), factors=(1,))
    parts = {"find_tissue": "all", "target_mpp": 1.0}
    expected = SlideToSegment(path, "a", None, settings_for(**parts, batch_size=3))
    slide = SlideToSegment(path, "a", None, settings_for(**parts, **changes, read_px=read_px))
    size = (112, 80)
    torch.testing.assert_close(
        own_scores(slide, size), own_scores(expected, size), rtol=0, atol=1e-5
    )
    one, other = segment_slide(slide, Context()), segment_slide(expected, Context())
    assert one.labels.shape == (80, 112)
    np.testing.assert_array_equal(one.labels, other.labels)
    slide.close()
    expected.close()


def test_a_second_run_is_bit_for_bit_the_same(tmp_path):
    slide = image_slide(tmp_path / "a.png", random_picture(70, 90))
    first, second = segment_slide(slide, Context()), segment_slide(slide, Context())
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.runs.mass, second.runs.mass)


def tissue_slide(tmp_path, **changes):
    """Glass with tissue at x 64 to 160, y 96 to 192 of 320 x 256 px of 1 um."""
    picture = np.full((256, 320, 3), 245, np.uint8)
    picture[96:192, 64:160] = (200, 90, 160)
    path = write_tiny_slide(tmp_path / "a.tif", picture, mpp=1.0, quality=95)
    tissue = {"closing_um": 0.0, "min_object_um2": 0.0, "thumbnail_mpp": 4.0}
    settings = settings_for(target_mpp=1.0, roi_px=32, tissue=tissue, **changes)
    return SlideToSegment(path, "a", None, settings)


def test_memory_is_that_of_the_label_map_and_one_row_of_windows(tmp_path):
    """The picture would take three times the label map, its scores twelve times."""
    path = write_tiny_slide(tmp_path / "a.tif", random_picture(1536, 2048), factors=(1,))
    slide = SlideToSegment(path, "a", None, settings_for(roi_px=64, find_tissue="all"))
    label_map = 1536 * 2048

    def network(image):
        return torch.stack([torch.ones_like(image[:, 0]), torch.zeros_like(image[:, 0])], 1)

    segment_slide(slide, network)  # what the reader keeps is there now
    tracemalloc.start()
    found = segment_slide(slide, network)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.labels.nbytes == label_map
    assert peak < 2.5 * label_map
    plan = plan_windows((2048, 1536), 64, 0.25)
    with torch.no_grad():
        heights = [band.scores.shape[1] for band in scored_rows(slide, network, plan)]
    assert max(heights) <= 64
    assert sum(heights) == 1536
    slide.close()


def test_windows_without_tissue_are_passed_over_and_class_0(tmp_path):
    looked_at = []

    def network(image):
        looked_at.append(image.shape[0])
        return torch.stack([torch.zeros_like(image[:, 0]), torch.ones_like(image[:, 0])], 1)

    found = segment_slide(tissue_slide(tmp_path, overlap=0.5), network)
    rows, cols = np.nonzero(found.labels)
    assert (rows.min(), rows.max() + 1) == (80, 208)  # 16 px around: the windows that touch it
    assert (cols.min(), cols.max() + 1) == (48, 176)
    assert found.labels[80:208, 48:176].all()
    assert sum(looked_at) == 7 * 7
    assert found.seen.tolist() == [0, 128 * 128]


def test_a_slide_without_tissue_is_class_0_and_the_network_is_not_asked(tmp_path):
    path = write_tiny_slide(tmp_path / "a.tif", np.full((128, 128, 3), 245, np.uint8))
    slide = SlideToSegment(path, "a", None, settings_for(tissue=TISSUE))
    found = segment_slide(slide, lambda image: pytest.fail("asked"))
    assert not found.labels.any()
    assert found.labels.shape == (128, 128)
    assert len(found.runs) == len(found.seen) == 0


def test_a_bad_slide_is_a_reason_and_a_done_one_is_passed_over(tmp_path):
    settings = settings_for()
    lost = SlideToSegment(tmp_path / "no.svs", "no", None, settings)
    said = SlideWindowInferer(settings)(lost, Context())
    assert isinstance(said, NotSegmented)
    assert "is no file" in said.reason
    slide = image_slide(tmp_path / "a.png", random_picture(9, 9))
    assert SlideWindowInferer(settings, is_done=lambda item: item is slide)(slide, Context()) == (
        NotSegmented("a")
    )
    assert isinstance(SlideWindowInferer(settings)(slide, Context()), LabelMap)


@pytest.mark.parametrize("width", [60, 20])
def test_images_go_to_monais_sliding_window(width):
    picture = random_picture(40, width)
    image = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    with torch.no_grad():
        found = SlideWindowInferer(settings_for())(image, Context())
    torch.testing.assert_close(found[0], monai_scores(picture, Context()))


def test_nan_and_single_channels_are_refused(tmp_path):
    slide = image_slide(tmp_path / "a.png", random_picture(9, 9))
    with pytest.raises(SlideError, match="the network gave NaN"):
        segment_slide(slide, lambda image: image * float("nan"))
    with pytest.raises(SettingError, match="a network with one channel"):
        segment_slide(slide, lambda image: image[:, :1])
