"""Each rule about a bundle's files is broken once."""

import shutil

import pytest

from monai_ext.errors import BundleError
from monai_ext.testing.zoo.files import (
    LARGEST,
    NEEDED,
    bundle_files,
    check_files,
    check_private_paths,
    check_sizes,
)


def test_a_sound_bundle_passes(bag_bundle, tmp_path):
    assert check_files(bag_bundle, tmp_path) == "7 files"
    assert check_sizes(bag_bundle, tmp_path).endswith("0 to be fetched")
    assert check_private_paths(bag_bundle, tmp_path) == "7 text files"


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_file_is_named(bag_bundle, tmp_path, name):
    (bag_bundle / name).unlink()
    with pytest.raises(BundleError, match=f"has no {name}"):
        check_files(bag_bundle, tmp_path)


@pytest.mark.parametrize("name", ["pathology_x_v2", "Pathology", "pathology-x"])
def test_names_that_cannot_be_split_are_refused(bag_bundle, tmp_path, name):
    renamed = shutil.move(bag_bundle, tmp_path / name)
    with pytest.raises(BundleError, match=f"called '{name}'"):
        check_files(renamed, tmp_path)


@pytest.mark.parametrize("name", ["scripts/net.py", "configs/logging.conf", "docs/model.pt"])
def test_code_and_loose_weights_are_refused(bag_bundle, tmp_path, name):
    (bag_bundle / name).parent.mkdir(exist_ok=True)
    (bag_bundle / name).write_text("")
    with pytest.raises(BundleError, match=name):
        check_files(bag_bundle, tmp_path)


def test_weights_are_in_place_under_models_and_runs_leave_no_trace(bag_bundle, tmp_path):
    for name in ("models/model.pt", "eval/fold0/model.pt"):
        (bag_bundle / name).parent.mkdir(parents=True)
        (bag_bundle / name).write_bytes(b"\xff")
    assert check_files(bag_bundle, tmp_path) == "8 files"
    assert [p.name for p in bundle_files(bag_bundle) if "eval" in p.parts] == []
    assert check_private_paths(bag_bundle, tmp_path) == "7 text files"


def large(bundle):
    (bundle / "models").mkdir()
    with (bundle / "models" / "model.pt").open("wb") as stream:
        stream.truncate(LARGEST + 1)


def listed(bundle, **changes):
    item = {"path": "models/model.pt", "url": "u", "hash_val": "0f", "hash_type": "sha256"}
    lines = [f"{key}: {value}" for key, value in (item | changes).items()]
    (bundle / "large_files.yml").write_text("large_files:\n- " + "\n  ".join(lines) + "\n")


def test_a_large_file_needs_an_entry(bag_bundle, tmp_path):
    large(bag_bundle)
    with pytest.raises(BundleError, match=r"models/model.pt.*25 MiB"):
        check_sizes(bag_bundle, tmp_path)
    listed(bag_bundle)
    assert check_sizes(bag_bundle, tmp_path).endswith("1 to be fetched")


@pytest.mark.parametrize(
    "changes",
    [{"path": "../x.pt"}, {"path": "/x.pt"}, {"hash_type": "crc32"}, {"hash_val": ""}],
    ids=str,
)
def test_entries_of_large_files_are_looked_at(bag_bundle, tmp_path, changes):
    listed(bag_bundle, **changes)
    with pytest.raises(BundleError, match=r"large_files.yml has"):
        check_sizes(bag_bundle, tmp_path)


@pytest.mark.parametrize("text", ["/home/ann/x", "see /Users/b", "C:\\data", "'/root/a'", "/mnt/x"])
def test_paths_of_a_machine_are_named_with_their_line(bag_bundle, tmp_path, text):
    (bag_bundle / "docs" / "notes.md").write_text(f"fine\n{text}\n")
    with pytest.raises(BundleError, match=r"docs.notes.md line 2 has"):
        check_private_paths(bag_bundle, tmp_path)
