from dataclasses import replace
from pathlib import Path

import pytest

from monai_ext.errors import SlideError
from monai_ext.wsi.info import SlideInfo, StoredLevel, require_mpp, whole_downsample

LEVELS = (StoredLevel(4000, 2000, 1.0), StoredLevel(1000, 500, 4.0), StoredLevel(250, 125, 16.0))
INFO = SlideInfo(Path("a b.svs"), 4000, 2000, 0.25, LEVELS, None, "0", "aperio")


@pytest.mark.parametrize(
    ("downsample", "level"), [(0.5, 0), (1, 0), (3.9, 0), (3.9999, 1), (8, 1), (16, 2), (90, 2)]
)
def test_finer_level_is_the_coarsest_that_needs_no_upsampling(downsample, level):
    assert INFO.finer_level(downsample) == level


@pytest.mark.parametrize(
    ("size", "stored", "factor"),
    [
        ((4443, 3567), (2221, 1783), 2.0),
        ((46000, 32914), (11500, 8228), 4.0),
        ((100, 64), (50, 32), 2.0),
    ],
)
def test_downsample_is_the_whole_factor_behind_cut_sizes(size, stored, factor):
    assert whole_downsample(size, stored) == factor


def test_downsample_is_the_mean_ratio_where_no_whole_factor_fits():
    assert whole_downsample((1000, 500), (400, 200)) == pytest.approx(2.5)


def test_origin_is_the_corner_of_the_bounds():
    assert INFO.origin == (0, 0)
    assert replace(INFO, bounds=(70, 80, 100, 200)).origin == (70, 80)


def test_mpp_given_by_the_user_goes_before_the_file():
    assert require_mpp(INFO) == 0.25
    assert require_mpp(INFO, 0.5) == 0.5


@pytest.mark.parametrize("mpp", [0.05, 20.0])
def test_mpp_at_the_ends_of_the_range_is_accepted(mpp):
    assert require_mpp(replace(INFO, mpp=mpp)) == mpp


@pytest.mark.parametrize("mpp", [0.049, 20.1, 0.0, -1.0, float("inf"), float("nan")])
def test_unbelievable_mpp_is_refused(mpp):
    with pytest.raises(SlideError, match=r"a b\.svs has mpp=.*0\.05 to 20 um.*--mpp"):
        require_mpp(replace(INFO, mpp=mpp))


def test_missing_mpp_is_refused_with_both_repairs():
    with pytest.raises(SlideError, match=r"no um a pixel.*--mpp.*column mpp of the cohort CSV"):
        require_mpp(replace(INFO, mpp=None))
