"""Configs are found, and read as they would be run."""

import json

from monai_ext.trust.bundle_configs import OUTPUT, config_files, find_in_bundle

TRAIN = {"run_dir": "$as_path(@output_dir)", "imports": ["$from monai_ext.flags import as_path"]}
OVER = {"w": {"_target_": "monai_ext.engines.MetricsCsv", "path": "$@run_dir / 'm.csv'"}}


def bundle(folder, **files):
    for name, content in files.items():
        path = folder / "configs" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def test_a_config_that_needs_another_is_read_over_it(tmp_path):
    bundle(tmp_path, train=TRAIN, evaluate=OVER, metadata={"version": "1"})
    places = [(name, one.what) for name, one in find_in_bundle(tmp_path) if one.kind == "writes"]
    assert places == [("evaluate.json", f"{OUTPUT}/m.csv")]


def test_one_that_changes_nested_ids_is_read_over_another_too(tmp_path):
    bundle(tmp_path, train=TRAIN | {"a": {"b": 1}}, multi={"a#b": "$@run_dir"})
    assert not [one for _, one in find_in_bundle(tmp_path) if one.fault]


def test_files_that_cannot_be_read_are_findings(tmp_path):
    bundle(tmp_path, train=TRAIN, broken="{", metadata="[")
    faults = {name: one.fault for name, one in find_in_bundle(tmp_path) if one.fault}
    assert set(faults) == {"broken.json", "metadata.json"}


def test_metadata_is_looked_at_because_monai_makes_it_part_of_the_config(tmp_path):
    bundle(tmp_path, train=TRAIN, metadata={"version": "$open('x')"})
    found = [one for name, one in find_in_bundle(tmp_path) if name == "metadata.json"]
    assert [(one.where, one.fault) for one in found] == [("_meta_::version", "name open")]


def test_a_run_has_its_config_beside_the_weights(tmp_path):
    for name in ("inference.json", "run.json", "metadata.json", "summary.json", "notes.txt"):
        (tmp_path / name).write_text("{}")
    assert [path.name for path in config_files(tmp_path)] == ["inference.json"]
