from dataclasses import replace

import pytest

from monai_ext.errors import SettingError
from monai_ext.wsi.grid_spec import GridSpec

SPEC = GridSpec(256, (0.5, 1.0, 2.0), 0.02, 0.35, 1.3)


def test_level_numbers_are_powers_of_two_of_the_finest():
    assert replace(SPEC, mpps=(0.25, 1.0, 2.0)).level_numbers == (0, 2, 3)


@pytest.mark.parametrize("mpps", [(0.5, 1.5), (1.0, 0.5), (0.5, 0.5), (0.5, 1.01)])
def test_magnifications_not_powers_of_two_apart_are_refused(mpps):
    with pytest.raises(SettingError, match=r"mpps=\[.*powers of two apart.*after .* use"):
        replace(SPEC, mpps=mpps)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tile_px", 0),
        ("snap_tolerance", -0.1),
        ("snap_tolerance", 0.5),
        ("min_tissue", 1.1),
        ("max_upsample", 0.9),
        ("mpps", ()),
        ("mpps", (0.0,)),
    ],
)
def test_value_outside_its_range_is_refused(name, value):
    with pytest.raises(SettingError, match=name):
        replace(SPEC, **{name: value})


def test_hash_changes_with_every_value_and_only_then():
    changes = {
        "tile_px": 224,
        "mpps": (0.5, 1.0),
        "snap_tolerance": 0.0,
        "min_tissue": 0.1,
        "max_upsample": 1.0,
        "tissue_method": "x",
    }
    hashes = {replace(SPEC, **{name: value}).request_hash for name, value in changes.items()}
    assert len(hashes | {SPEC.request_hash}) == 7
    assert GridSpec(256, [0.5, 1, 2], 0.02, 0.35, 1.3).request_hash == SPEC.request_hash  # type: ignore[arg-type]
