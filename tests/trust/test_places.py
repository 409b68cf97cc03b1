"""Places are worked out as Python would, without running anything."""

from pathlib import Path, PurePath

import pytest

from monai_ext.errors import TrustError
from monai_ext.trust.places import is_inside, place_of

CONFIG = {
    "output_dir": "/out",
    "bundle_root": ".",
    "fold": 3,
    "nothing": None,
    "run_dir": "$as_path(@output_dir)",
    "many": "$@fold + @fold + @fold + @fold",
    "deep": {"inner": ["first", "@run_dir"]},
    "again": "%run_dir",
    "circle": "@other",
    "other": "@circle",
    "made": {"_target_": "Compose"},
}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("plain", "plain"),
        (None, None),
        (7, "7"),
        (Path("/x"), "/x"),
        ("@output_dir", "/out"),
        ("@run_dir", "/out"),
        ("%run_dir", "/out"),
        ("@again", "/out"),
        ("@deep#inner#1", "/out"),
        ("@deep::inner::0", "first"),
        ("$@run_dir / 'metrics.csv'", "/out/metrics.csv"),
        ("$@run_dir / '/etc'", "/etc"),
        ("$as_path(@output_dir).parent", "/"),
        ("$str(@bundle_root) + '/eval/fold' + str(@fold)", "./eval/fold3"),
        ("$str(@run_dir / '..' / 'x')", "/out/../x"),
        ("$as_path(@nothing)", None),
        ("@nothing", None),
    ],
)
def test_values_lead_where_python_leads(value, place):
    found = place_of(value, CONFIG)
    assert found == place or str(found) == place


@pytest.mark.parametrize(
    "value",
    [
        "@circle",
        "@many",
        "@output_dir/../x",
        "@",
        "%x.json::a",
        "@missing",
        "@deep#inner#7",
        "@made",
        ["a"],
        "$max(@output_dir, 'b')",
        "$f(@output_dir)",
        "$@output_dir[0]",
        "$@output_dir * 2",
        "$'a' - 'b'",
        "$@run_dir + '/x'",
        "$as_path(@nothing) / 'x'",
        "$(",
    ],
)
def test_what_cannot_be_told_is_said_so(value):
    with pytest.raises(TrustError, match="cannot be told"):
        place_of(value, CONFIG)


def test_inside_is_below_a_root_after_all_detours(tmp_path):
    root = tmp_path / "out"
    assert is_inside(None, [root])
    assert is_inside(root, [root])
    assert is_inside(str(root / "a/../b"), [root])
    assert not is_inside(root / "../b", [root])
    assert not is_inside(tmp_path / "output", [root])
    assert not is_inside("relative", [root])
    assert is_inside(tmp_path / "b", [root, tmp_path / "b"])


def test_a_link_that_leads_out_is_outside(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/link").symlink_to(tmp_path)
    assert not is_inside(tmp_path / "out/link/x", [tmp_path / "out"])


def test_home_is_no_place_inside(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert not is_inside("~/x", [tmp_path / "out"])
    assert not is_inside("~/x", [])
    assert is_inside("~/x", [tmp_path / "home"])


def test_without_roots_places_are_relative():
    assert is_inside("eval/run", [])
    assert is_inside(PurePath("eval"), [])
    assert not is_inside("/eval", [])
    assert not is_inside("a/../../b", [])
