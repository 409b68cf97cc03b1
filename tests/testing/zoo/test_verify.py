"""Every bundle of the project passes every check, by the script that says so."""

import runpy
from pathlib import Path

import pytest

import monai_ext
from monai_ext.testing.zoo.verify import CHECKS, verify_bundles

ROOT = Path(monai_ext.__file__).resolve().parents[1]


@pytest.fixture
def verify(monkeypatch):
    monkeypatch.chdir(ROOT)
    return runpy.run_path("scripts/verify_bundle.py")["verify"]


def test_all_bundles_pass_all_checks(verify, capsys, tmp_path):
    verify(keep=str(tmp_path / "work"))
    table = capsys.readouterr().out
    bundles = sorted(path.parents[1].name for path in ROOT.glob("bundles/*/configs/metadata.json"))
    assert table.splitlines()[0] == f"| check | {' | '.join(bundles)} |"
    assert "FAILED" not in table
    trained = [b for b in bundles if (ROOT / "bundles" / b / "configs/train.json").is_file()]
    for name in CHECKS:
        row = next(line for line in table.splitlines() if line.startswith(f"| {name} |"))
        assert row.count(" ok ") >= len(trained)


def test_a_fault_is_told_and_ends_with_one(verify, capsys, bag_bundle):
    (bag_bundle / "LICENSE").unlink()
    with pytest.raises(SystemExit) as end:
        verify(str(bag_bundle), checks="files,sizes")
    assert end.value.code == 1
    table = capsys.readouterr().out
    assert "| files | FAILED |" in table
    assert "| sizes | ok |" in table
    assert "has no LICENSE" in table


def test_unknown_checks_and_bundles_are_one_line(verify, monkeypatch, tmp_path):
    with pytest.raises(SystemExit, match=r"--checks nothing.*two processes"):
        verify(checks="nothing")
    with pytest.raises(SystemExit, match="no bundle nowhere found"):
        verify("nowhere")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="no bundles/"):
        verify()


def test_checks_run_in_their_order_and_are_announced(bag_bundle, tmp_path):
    shown = []
    found = verify_bundles([bag_bundle], tmp_path / "work", ["sizes", "files"], shown.append)
    assert [(each.check, each.state) for each in found] == [("sizes", "ok"), ("files", "ok")]
    assert shown == [f"{bag_bundle.name}: sizes", f"{bag_bundle.name}: files"]
