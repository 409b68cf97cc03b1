"""The page about a stranger's bundle."""

import shutil
import zipfile
from pathlib import Path

import pytest

from monai_ext.errors import TrustError
from monai_ext.trust.inspect_bundle import inspect_bundle
from tests.trust.hostile_archives import HOSTILE

SHELF = Path(__file__).resolve().parents[2] / "bundles"
NAME = "pathology_srmil_classification"


def packed(folder, path, top=""):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(folder.rglob("*")):
            if each.is_file():
                archive.write(each, top + each.relative_to(folder).as_posix())
    return path


@pytest.mark.parametrize(
    "bundle", sorted(path.parents[1] for path in SHELF.glob("*/configs/metadata.json"))
)
def test_nothing_of_our_bundles_is_refused(bundle):
    page = inspect_bundle(bundle)
    assert "Nothing is refused" in page
    assert "`python -m monai.bundle run` checks nothing of this" in page


def test_the_page_lists_what_would_happen():
    page = inspect_bundle(SHELF / NAME)
    for line in (
        "configs: evaluate.json, inference.json, multi_gpu_train.json, train.json",
        "  monai_ext.networks.SRMIL   [",
        "  $from monai_ext.flags import as_path   [",
        "  $torch.device('cuda' if torch.cuda.is_available() else 'cpu')   [",
        "  OUTPUT/metrics.csv   [",
    ):
        assert line in page


@pytest.mark.parametrize("top", ["", f"{NAME}/"])
def test_a_zip_file_is_read_and_unpacked_when_nothing_is_refused(tmp_path, top):
    path = packed(SHELF / NAME, tmp_path / "bundle.zip", top)
    before = set(tmp_path.iterdir())
    page = inspect_bundle(path)
    assert page.split("\n", 1)[1] == inspect_bundle(SHELF / NAME).split("\n", 1)[1]
    assert set(tmp_path.iterdir()) == before
    assert f"unpacked into {tmp_path / 'new'}" in inspect_bundle(path, tmp_path / "new")
    assert (tmp_path / "new" / top / "configs/train.json").is_file()


def test_what_is_refused_comes_first_and_is_not_unpacked(tmp_path):
    bundle = Path(shutil.copytree(SHELF / NAME, tmp_path / "bundle"))
    config = bundle / "configs/train.json"
    config.write_text(config.read_text().replace('"seed": 0', '"seed": "$open(\'x\')"'))
    (bundle / "configs/\x1b[31m.json").write_text(
        '{"a": {"_target_": "os.\\u001b\\nNothing is refused"}}'
    )
    (bundle / "sitecustomize.py").touch()
    path = packed(bundle, tmp_path / "bundle.zip")
    with pytest.raises(TrustError) as caught:
        inspect_bundle(bundle)
    page = str(caught.value)
    assert "REFUSED: name open   [evaluate.json seed, multi_gpu_train.json seed" in page
    assert "hides others' modules under python -m monai.bundle run   [sitecustomize.py]" in page
    assert "\x1b" not in page
    assert "\nNothing" not in page
    with pytest.raises(TrustError, match="not unpacked"):
        inspect_bundle(path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_archives_are_not_opened(tmp_path, name):
    path = tmp_path / "bundle.zip"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(TrustError):
        inspect_bundle(path, tmp_path / "new")
    assert [each.name for each in tmp_path.iterdir()] == ["bundle.zip"]


def test_wrong_paths_are_said_so(tmp_path):
    with pytest.raises(TrustError, match="does not exist"):
        inspect_bundle(tmp_path / "none")
    with pytest.raises(TrustError, match="is a folder"):
        inspect_bundle(tmp_path, tmp_path / "new")
