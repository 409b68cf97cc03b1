"""Weights of strangers: nothing of them runs, through no way that leads in."""

import warnings

import pytest
import torch

from monai_ext.data.clam_file import read_pt
from monai_ext.engines import begin_from
from monai_ext.engines.inference_run import InferenceRun
from monai_ext.errors import MonaiExtError, TrustError
from monai_ext.export.model_folder import ModelFolder
from monai_ext.export.trained_network import trained_network
from monai_ext.networks.encoders.strict_load import read_weights
from monai_ext.networks.nets.published_dsmil import load_published_dsmil
from monai_ext.trust import load_state, require_plain
from tests.trust.hostile_checkpoints import hostile_checkpoints, saved, touching

NAMES = sorted(hostile_checkpoints("nowhere"))
RUN_BY_PICKLE = ["open", "system", "popen", "eval", "exec", "beside_tensors", "in_a_tuple"]
RUN_BY_PICKLE += ["old_form", "new_protocol_inside"]


def written(tmp_path, name):
    suffix, content = hostile_checkpoints(tmp_path / "elsewhere")[name]
    path = tmp_path / f"model{suffix}"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_hostile_files_are_refused_and_nothing_runs(tmp_path, name):
    path = written(tmp_path, name)
    with pytest.raises(TrustError, match=rf"{path} (is not|cannot be) loaded \("):
        load_state(path)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_there_are_as_many_as_promised():
    assert len(NAMES) >= 20


@pytest.mark.parametrize("name", RUN_BY_PICKLE)
def test_unpickled_without_a_guard_they_run(tmp_path, name):
    path = written(tmp_path, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = torch.load(path, weights_only=False)
    if name == "popen":
        found[0].wait()
    assert (tmp_path / "elsewhere").exists()


WAYS = {
    "initial_weights": lambda path: begin_from(torch.nn.Linear(2, 2), path),
    "encoder": lambda path: read_weights(path, "give another one"),
    "features": read_pt,
    "inference": lambda path: InferenceRun(path.parent / "out", path).run(None),
    "published": load_published_dsmil,
    "served": lambda path: trained_network(ModelFolder(path.parent, path)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["open", "old_form", "new_protocol_inside"])
def test_every_way_in_is_closed(tmp_path, trusted, name, way):
    path = written(tmp_path, name)
    (tmp_path / "inference.json").write_text(
        '{"network_def": {"_target_": "torch.nn.Linear", "in_features": 2, "out_features": 2}}'
    )
    with pytest.raises((MonaiExtError, SystemExit), match=r"is not loaded"):
        WAYS[way](path)
    assert not (tmp_path / "elsewhere").exists()


def test_what_training_writes_is_loaded(tmp_path):
    content = {
        "network": {"a": torch.arange(3.0), "b": torch.ones(2, dtype=torch.bfloat16)},
        "parameter": torch.nn.Parameter(torch.ones(1)),
        "numbers": [1, 2.5, None, True, "text"],
        "shape": torch.Size([2, 3]),
        "nested": {"x": (torch.zeros(1, dtype=torch.int64),)},
    }
    for name, options in {
        "new.pt": {},
        "old.pt": {"_use_new_zipfile_serialization": False},
    }.items():
        torch.save(content, tmp_path / name, **options)
        found = load_state(tmp_path / name)
        assert found["numbers"] == content["numbers"]
        assert torch.equal(found["network"]["a"], content["network"]["a"])
        assert found["shape"] == torch.Size([2, 3])


def test_safetensors_are_loaded(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.arange(4)}, tmp_path / "w.safetensors")
    assert torch.equal(load_state(tmp_path / "w.safetensors")["a"], torch.arange(4))


def test_damage_that_only_torch_sees_is_a_plain_error(tmp_path):
    path = tmp_path / "w.pt"
    path.write_bytes(saved({"a": torch.zeros(4)}, _use_new_zipfile_serialization=False)[:-8])
    with pytest.raises(TrustError, match="cannot be loaded"):
        load_state(path)


def test_a_missing_file_is_said_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_state(tmp_path / "none.pt")


def test_the_first_globals_are_named(tmp_path):
    torch.save(touching(tmp_path / "elsewhere"), tmp_path / "w.pt")
    with pytest.raises(TrustError, match=r"GLOBAL (io|__builtin__|_io) open"):
        require_plain(tmp_path / "w.pt")
