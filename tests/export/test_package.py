"""A packed bundle in a clean environment: an epoch, a prediction, ``monai.bundle.load``."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import monai_ext
from monai_ext.errors import BundleError
from monai_ext.export import Share, package_bundle
from monai_ext.testing.zoo.toy_inputs import toy_values

PROJECT = Path(monai_ext.__file__).resolve().parents[1]
TRIED = """
import json, sys
from pathlib import Path
from monai.bundle import ConfigWorkflow, load

def run(kind, config, values):
    workflow = ConfigWorkflow(config, workflow_type=kind, logging_file=False, **values)
    workflow.initialize()
    workflow.run()
    workflow.finalize()

given = json.loads(Path(sys.argv[1]).read_text())
run("train", given["train"], given["train_values"])
run("infer", given["infer"], given["infer_values"])
weights = Path(given["bundle"], "models")
weights.mkdir()
Path(given["train_values"]["output_dir"], "model.pt").rename(weights / "model.pt")
network = load(
    Path(given["bundle"]).name,
    bundle_dir=str(Path(given["bundle"]).parent),
    workflow_type="inference",
    net_override=given["net"],
)
import monai_ext
print(monai_ext.__file__)
print(sum(parameter.numel() for parameter in network.parameters()))
"""


def packed(bundle, tmp_path, **given):
    table = tmp_path / "model_info.json"
    return package_bundle(bundle, tmp_path / "dist", PROJECT, table=table, **given)


def clean_python(folder):
    """An environment with our dependencies' folder on its path, and without our library."""
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "python", site


def run_in(python, folder, *arguments):
    clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run(  # noqa: S603
        [python, *arguments], cwd=folder, env=clean, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("vendor", [False, True], ids=["wheel", "vendored"])
def test_it_trains_predicts_and_loads_where_nothing_of_ours_is(bundle, tmp_path, vendor):
    archive, _ = packed(bundle, tmp_path, vendor=vendor)
    place = tmp_path / "elsewhere"
    zipfile.ZipFile(archive).extractall(place)
    python, site = clean_python(tmp_path / "environment")
    assert run_in(python, place, "-c", "import torch, monai_ext").returncode == 1
    inside = place / bundle.name
    if not vendor:
        (wheel,) = inside.glob("wheels/*.whl")
        zipfile.ZipFile(wheel).extractall(site)
    train = inside / "configs/train.json"
    values = toy_values(train, tmp_path / "toy")
    predicted = {"dataset_dir": str(tmp_path / "toy/features"), "bundle_root": str(inside)}
    predicted |= {"output_dir": str(tmp_path / "predicted")}
    given = {"train": str(train), "train_values": values, "bundle": str(inside)}
    given |= {"infer": str(Path(values["output_dir"]) / "inference.json")}
    given |= {"infer_values": predicted, "net": {"in_channels": [6, 5, 4], "hidden_dim": 16}}
    given["net"]["attention_dim"] = 8
    (tmp_path / "given.json").write_text(json.dumps(given))
    ended = run_in(python, inside, "-c", TRIED, str(tmp_path / "given.json"))
    assert ended.returncode == 0, ended.stderr[-3000:]
    where, parameters = ended.stdout.splitlines()[-2:]
    home = inside if vendor else site
    assert Path(where).parent.parent == home
    assert int(parameters) > 1000
    assert (tmp_path / "predicted/predictions.csv").is_file()


def test_twice_the_same_and_none_for_a_refused_version(bundle, tmp_path):
    archive, checksum = packed(bundle, tmp_path)
    first = archive.read_bytes()
    assert archive.name == f"{bundle.name}_v0.1.0.zip"
    assert packed(bundle, tmp_path) == (archive, checksum)
    (bundle / "docs/README.md").write_text("other")
    with pytest.raises(BundleError, match="raise version"):
        packed(bundle, tmp_path)
    assert archive.read_bytes() == first
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]
    assert packed(bundle, tmp_path, share=Share(replace=True))[1] != checksum


def test_it_is_shared_under_another_name_and_version(bundle, tmp_path):
    share = Share(name="lung_classification", version="1.0.0", change="Trained on lungs")
    archive, _ = packed(bundle, tmp_path, share=share)
    assert archive.name == "lung_classification_v1.0.0.zip"
    with zipfile.ZipFile(archive) as content:
        assert {name.split("/")[0] for name in content.namelist()} == {"lung_classification"}
        metadata = json.loads(content.read("lung_classification/configs/metadata.json"))
    assert metadata["version"] == "1.0.0"
    assert next(iter(metadata["changelog"].items())) == ("1.0.0", "Trained on lungs")
    with pytest.raises(BundleError, match="a bundle is called"):
        packed(bundle, tmp_path, share=Share(name="lung_v2"))


def test_demonstration_weights_say_so_everywhere(bundle, tmp_path):
    archive, _ = packed(bundle, tmp_path, share=Share(is_demo=True))
    assert archive.name == "pathology_m2otca_demo_classification_v0.1.0-demo.zip"
    with zipfile.ZipFile(archive) as content:
        inside = archive.stem.split("_v0")[0]
        metadata = json.loads(content.read(f"{inside}/configs/metadata.json"))
        card = content.read(f"{inside}/docs/README.md").decode()
    assert metadata["version"] == "0.1.0-demo"
    assert "invented slides" in metadata["changelog"]["0.1.0-demo"]
    assert card.startswith("> **Demonstration weights.**")
    assert card.endswith((bundle / "docs/README.md").read_text())


def test_a_place_without_the_library_has_nothing_to_vendor(bundle, tmp_path):
    with pytest.raises(BundleError, match="has no monai_ext"):
        package_bundle(bundle, tmp_path, tmp_path, table=tmp_path / "model_info.json", vendor=True)


def test_python_that_runs_this_test_has_the_library():
    assert run_in(sys.executable, PROJECT, "-c", "import monai_ext").returncode == 0
