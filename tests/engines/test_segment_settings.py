"""Settings are refused before any work, and the request holds what decides the result."""

import pytest

from monai_ext.engines.segment_settings import SegmentationSettings
from monai_ext.errors import SettingError
from tests.engines.segment_parts import settings_for

WRONG = [
    {"roi_px": 0},
    {"roi_px": 32.0},
    {"batch_size": True},
    {"prefetch": 0},
    {"threads": 0},
    {"read_px": -1},
    {"fill": 256},
    {"target_mpp": "half"},
    {"target_mpp": 0.0},
    {"overlap": 1.0},
    {"overlap": -0.1},
    {"sigma_scale": 0},
    {"max_upsample": 0.5},
    {"snap_tolerance": 0.6},
    {"blend_mode": "linear"},
    {"blended": "labels"},
    {"symmetries": 3},
    {"reader": "pillow"},
    {"find_tissue": "maybe"},
    {"tissue": {"colour": 3}},
    {"tissue_dir": "/nowhere"},
]


@pytest.mark.parametrize("change", WRONG, ids=str)
def test_values_outside_the_rules_are_refused_by_name(change):
    settings = settings_for(**change)
    name = {"tissue": "tissue=", "tissue_dir": "tissue_dir"}.get(*change, next(iter(change)))
    with pytest.raises(SettingError, match=name if change != {"target_mpp": 0.0} else "mpps"):
        settings.verify()


def test_an_unknown_resolution_names_both_numbers_that_are_missing():
    with pytest.raises(SettingError, match=r"had no um a pixel.*--target_mpp.*--mpp too"):
        settings_for(target_mpp=None).verify()


def test_sound_values_pass():
    sound = {"overlap": 0, "blend_mode": "constant", "tissue": {"closing_um": 3.0}}
    settings_for().verify()
    settings_for(**sound).verify()
    with pytest.raises(SettingError, match="overlap=1"):
        settings_for(**sound | {"overlap": 1}).verify()


DECIDES = {
    "target_mpp": 1.0,
    "roi_px": 64,
    "overlap": 0.5,
    "blend_mode": "constant",
    "blended": "probabilities",
    "symmetries": 8,
    "snap_tolerance": 0.0,
    "max_upsample": 2.0,
    "sigma_scale": 0.2,
    "fill": 0,
    "read_px": 20,
    "find_tissue": "all",
    "tissue": {"closing_um": 3.0},
}
SPEED = {"batch_size": 9, "prefetch": 1, "threads": 1, "reader": "openslide"}


def test_request_changes_with_what_decides_the_result_alone():
    plain = settings_for().request()
    for name, value in DECIDES.items():
        assert settings_for(**{name: value}).request() != plain, name
    for name, value in SPEED.items():
        assert settings_for(**{name: value}).request() == plain, name
    rest = {"tissue_dir"}  # its file is part of the slide's request
    fields = set(SegmentationSettings.__dataclass_fields__)
    assert fields == {*DECIDES, *SPEED, *rest}
