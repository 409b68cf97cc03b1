import logging

import numpy as np
import pytest

from monai_ext.data import find_features, load_datalist, make_splits, write_splits
from monai_ext.errors import CohortError, SettingError
from tests.data.feature_files import even_cohort, write_levels


def _job(tmp_path, patients=12, empty=()):
    nothing = {"features": np.zeros((0, 6), np.float32), "coords": np.zeros((0, 2), np.int64)}
    rows = ["slide,patient,label,mpp"]
    for p in range(patients):
        write_levels(tmp_path / "f", f"s{p}", **(nothing if p in empty else {}))
        rows.append(f"s{p}.svs,p{p},{'ab'[p % 2]},{0.25 if p == 0 else ''}")
    (tmp_path / "c.csv").write_text("\n".join(rows))
    return tmp_path / "c.csv", find_features(tmp_path / "f")


def test_a_table_and_features_become_datalists(tmp_path):
    table, folder = _job(tmp_path)
    files = write_splits(tmp_path / "out", table, folder, folds=3, seed=1)
    assert [file.name for file in files] == ["fold0.json", "fold1.json", "fold2.json"]
    tested = [one["slide"] for file in files for one in load_datalist(file).test]
    assert sorted(tested) == sorted(f"s{p}" for p in range(12))
    items = [
        one
        for part in ("training", "validation", "test")
        for one in load_datalist(files[0]).part(part)
    ]
    assert {one["slide"]: one.get("mpp") for one in items}["s0"] == 0.25
    assert sum("mpp" in one for one in items) == 1


def test_slides_without_tissue_are_left_out_and_said(tmp_path, caplog):
    table, folder = _job(tmp_path, patients=14, empty=(3,))
    with caplog.at_level(logging.WARNING):
        files = write_splits(tmp_path / "out", table, folder, folds=3)
    found = load_datalist(files[0])
    assert len(found.training + found.validation + found.test) == 13
    assert found.other["without_tissue"] == ["s3"]
    assert "1 slides without tissue are in no part: s3" in caplog.text


def test_missing_features_stop_before_anything_is_written(tmp_path):
    table, folder = _job(tmp_path)
    for name in ("s4", "s7"):
        folder.files(name)[1].unlink()
    with pytest.raises(CohortError, match="2 problems"):
        write_splits(tmp_path / "out", table, find_features(tmp_path / "f"), folds=3)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({}, "splits by nothing"),
        ({"folds": 5, "shots": [1]}, "splits by folds and shots"),
        ({"shots": [1]}, "shots=.*need all three"),
    ],
)
def test_one_way_of_splitting_is_chosen(how, message):
    with pytest.raises(SettingError, match=message):
        make_splits(even_cohort(20), **how)


def test_each_way_splits(tmp_path):
    cohort = even_cohort(20)
    (tmp_path / "s.csv").write_text(
        "slide,part\n" + "".join(f"s{k}_0,{'train' if k < 10 else 'test'}\n" for k in range(20))
    )
    assert len(make_splits(cohort, folds=4)) == 4
    assert len(make_splits(cohort, shots=2, draws=3, train_patients=6)) == 3
    assert len(make_splits(cohort, shots=[1, 2], draws=3, train_patients=6)) == 6
    assert [s.name for s in make_splits(cohort, from_table=tmp_path / "s.csv")] == ["split"]


def _sites_of(tmp_path, patients=24):
    """Six sites of four patients each, in a column of the table."""
    table, folder = _job(tmp_path, patients=patients)
    lines = table.read_text().splitlines()
    sites = ["site", *(f"h{k // 4}" for k in range(patients))]
    table.write_text("\n".join(f"{line},{site}" for line, site in zip(lines, sites, strict=True)))
    return table, folder, {f"s{k}": f"h{k // 4}" for k in range(patients)}


def test_group_keeps_sites_whole_and_counts_them(tmp_path):
    table, folder, sites = _sites_of(tmp_path)
    files = write_splits(tmp_path / "out", table, folder, folds=3, group="site")
    for file in files:
        split = load_datalist(file)
        parts = [
            {sites[one["slide"]] for one in split.part(part)}
            for part in ("training", "validation", "test")
        ]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 6
        assert split.other["settings"]["sites"]["test"] == sorted(parts[2])
    lines = (tmp_path / "out/sites.csv").read_text().splitlines()
    assert lines[:2] == ["site,slides,patients a,patients b", "h0,4,2,2"]


def test_group_with_given_splits_is_a_check(tmp_path):
    table, folder, sites = _sites_of(tmp_path)
    given = tmp_path / "given.csv"
    parts = {f"h{k}": "train" for k in range(4)} | {"h4": "val", "h5": "test"}
    rows = [f"{slide},{parts[site]}" for slide, site in sites.items()]
    given.write_text("\n".join(["slide,part", *rows]))
    assert len(write_splits(tmp_path / "a", table, folder, from_table=given, group="site")) == 1
    rows[0] = "s0,test"
    given.write_text("\n".join(["slide,part", *rows]))
    with pytest.raises(CohortError, match=r"site 'h0' \(test, training\)"):
        write_splits(tmp_path / "b", table, folder, from_table=given, group="site")


def test_group_with_shots_or_with_nothing_is_refused(tmp_path):
    table, folder, _ = _sites_of(tmp_path)
    with pytest.raises(SettingError, match="few-shot draws with --group"):
        write_splits(
            tmp_path / "a", table, folder, shots=[1], draws=2, train_patients=4, group="site"
        )
    with pytest.raises(SettingError, match="splits by nothing"):
        write_splits(tmp_path / "a", table, folder, group="site")
