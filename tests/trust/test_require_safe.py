"""Hostile configs: nothing of them runs, and MONAI alone would have run them."""

import contextlib
import json
import sys
from pathlib import Path

import pytest
import torch

from monai_ext.errors import TrustError
from monai_ext.experiments.bundle_run import run_config
from monai_ext.export.trained_network import bundle_config
from monai_ext.trust import require_safe, trusting
from tests.trust.hostile_configs import BEYOND, RUN_BY_MONAI


class _Touch:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.fixture
def hostile(tmp_path, request):
    """The config of a name as files; its sentinel is ``elsewhere`` beside them."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    torch.save(_Touch(tmp_path / "elsewhere"), folder / "evil.pt")
    config = (RUN_BY_MONAI | BEYOND)[request.param]
    own = {k: v for k, v in config.items() if not k.endswith((".json", ".py"))}
    for name, content in {**config, "inference.json": own}.items():
        if name.endswith((".json", ".py")):
            (folder / name).parent.mkdir(exist_ok=True)
            text = content if isinstance(content, str) else json.dumps(content)
            text = text.replace("SENTINEL", str(tmp_path / "elsewhere"))
            (folder / name).write_text(text.replace("FOLDER", str(folder)))
    return folder / "inference.json"


@pytest.fixture
def old_path(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name in ("evil_beside", "evil_package"):
        sys.modules.pop(name, None)


def run(config):
    out = config.parents[1] / "out"
    run_config([config], workflow_type="infer", output_dir=str(out), init_id=None)


@pytest.mark.parametrize("hostile", [*RUN_BY_MONAI, *BEYOND], indirect=True)
def test_nothing_hostile_is_run(hostile, tmp_path, old_path):
    before = set(tmp_path.rglob("*"))
    with pytest.raises(TrustError, match=r"is refused|is not read"):
        run(hostile)
    with pytest.raises(TrustError):
        bundle_config(hostile.parent)
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("hostile", RUN_BY_MONAI, indirect=True)
def test_monai_alone_runs_them(hostile, tmp_path, old_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with trusting(True), contextlib.suppress(Exception, SystemExit):  # the rest is another matter
        run(hostile)
    assert (tmp_path / "elsewhere").exists()


def test_there_are_as_many_as_promised():
    assert len(RUN_BY_MONAI) + len(BEYOND) >= 30


def test_the_error_says_where_and_what_to_do(tmp_path):
    (tmp_path / "inference.json").write_text(json.dumps({"a": {"b": ["$open('x')"]}}))
    with pytest.raises(TrustError, match=r"a::b::0 .*name open.*inspect.*--trusted") as caught:
        require_safe([tmp_path / "inference.json"])
    assert str(tmp_path) in str(caught.value)


def test_many_faults_are_counted(tmp_path):
    (tmp_path / "inference.json").write_text(json.dumps({"a": [f"$x{k}" for k in range(9)]}))
    with pytest.raises(TrustError, match="and 4 more"):
        require_safe([tmp_path / "inference.json"])


def test_what_the_user_gives_is_not_checked(tmp_path):
    (tmp_path / "inference.json").write_text(json.dumps({"a": "$open('x')", "b": 1}))
    require_safe([tmp_path / "inference.json"], {"a": "$open('x')"})
    with pytest.raises(TrustError, match="name open"):
        require_safe([tmp_path / "inference.json"], {"b": "$open('x')"})


def test_places_are_below_the_given_output(tmp_path):
    writer = {"_target_": "monai_ext.engines.MetricsCsv", "path": "$@run_dir / 'metrics.csv'"}
    config = {"imports": ["$from monai_ext.flags import as_path"], "w": writer}
    config |= {"output_dir": "eval", "run_dir": "$as_path(@output_dir)"}
    path = tmp_path / "train.json"
    path.write_text(json.dumps(config))
    require_safe([path], {"output_dir": str(tmp_path / "out")})
    path.write_text(json.dumps(config | {"run_dir": "$as_path(@output_dir).parent"}))
    with pytest.raises(TrustError, match="outside of the output folder"):
        require_safe([path], {"output_dir": str(tmp_path / "out")})
    path.write_text(json.dumps(config | {"run_dir": "eval"}))
    with pytest.raises(TrustError, match="outside of the output folder"):
        require_safe([path], {"output_dir": str(tmp_path / "out")})


@pytest.mark.parametrize("is_trusted", [True, False])
def test_files_beside_a_config_hide_no_modules_unless_it_is_trusted(tmp_path, old_path, is_trusted):
    (tmp_path / "inference.json").write_text(json.dumps({"run": ["$1 + 1"]}))
    (tmp_path / "fire.py").touch()
    with trusting(is_trusted):
        run_config([tmp_path / "inference.json"], workflow_type="infer", init_id=None)
    assert (str(tmp_path) in sys.path) == is_trusted


@pytest.mark.parametrize(
    "files",
    [
        ["train.json"],
        ["train.json", "evaluate.json"],
        ["train.json", "multi_gpu_train.json"],
        ["train.json", "uni.json"],
        ["inference.json"],
        ["inference.json", "inference_gpu.json"],
    ],
    ids="+".join,
)
def test_our_own_bundles_pass(files):
    shelf = Path(__file__).resolve().parents[2] / "bundles"
    checked = 0
    for configs in sorted(shelf.glob("*/configs")):
        paths = [configs / name for name in files]
        if all(path.is_file() for path in paths):
            require_safe(paths, {"output_dir": "out", "bundle_root": str(configs.parent)})
            checked += 1
    assert checked
