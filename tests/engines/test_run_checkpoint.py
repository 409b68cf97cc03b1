"""What is saved, when the best model changes, and which file is taken up."""

import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from monai_ext.engines import RunCheckpoint, run_checkpoint
from monai_ext.errors import SettingError, TrustError


class Counter:
    """A part of a run with a state."""

    def __init__(self, count=0):
        self.count = count

    def state_dict(self):
        return {"count": self.count}

    def load_state_dict(self, state):
        self.count = state["count"]


def trainer(epoch=1, *, max_epochs=9, stopped=False):
    state = SimpleNamespace(
        epoch=epoch, epoch_length=5, iteration=0, max_epochs=max_epochs, device="cpu"
    )
    return SimpleNamespace(state=state, scaler=None, should_terminate=stopped)


def evaluator(best_epoch=-1, best=-1.0):
    return SimpleNamespace(
        state=SimpleNamespace(best_metric=best, best_metric_epoch=best_epoch, metrics={})
    )


def network(value):
    net = torch.nn.Linear(1, 1, bias=False)
    net.weight.data.fill_(value)
    return net


def checkpoint(folder, value=0.0, **kwargs):
    return RunCheckpoint(folder, network(value), kwargs.pop("parts", {}), **kwargs)


def weight(path):
    state = torch.load(path, weights_only=True)
    return float(state.get("network", state)["weight"])


@pytest.mark.parametrize(("best_epoch", "expected"), [(1, 1.0), (2, 2.0), (-1, 2.0)])
def test_model_is_that_of_the_best_epoch_and_last_of_the_last(tmp_path, best_epoch, expected):
    """Best epoch -1: no validation has run so far."""
    found = checkpoint(tmp_path, evaluator=evaluator(-1))
    for epoch in (1, 2):
        found.network.weight.data.fill_(float(epoch))
        found.evaluator.state.best_metric_epoch = min(best_epoch, epoch)
        found.save(trainer(epoch))
    assert weight(tmp_path / "model.pt") == expected
    assert weight(tmp_path / "last.pt") == 2.0


def test_without_validation_the_model_is_the_last(tmp_path):
    found = checkpoint(tmp_path)
    for epoch in (1, 2):
        found.network.weight.data.fill_(float(epoch))
        found.save(trainer(epoch))
    assert weight(tmp_path / "model.pt") == 2.0


def test_a_failed_write_leaves_the_last_complete_state(tmp_path, monkeypatch):
    found = checkpoint(tmp_path, 1.0)
    found.save(trainer(1))

    def fill_the_disk(content, path):
        Path(path).write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(torch, "save", fill_the_disk)
    with pytest.raises(OSError, match="no space left"):
        found.save(trainer(2))
    assert (weight(tmp_path / "model.pt"), weight(tmp_path / "last.pt")) == (1.0, 1.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["last.pt", "model.pt"]


def test_a_kill_between_both_files_does_not_lose_the_best_model(tmp_path, monkeypatch):
    """``last.pt`` of an epoch is the promise that its ``model.pt`` is there."""
    found, save = checkpoint(tmp_path, 1.0), torch.save

    def save_once(content, path):
        monkeypatch.setattr(torch, "save", lambda content, path: 1 / 0)
        save(content, path)

    monkeypatch.setattr(torch, "save", save_once)
    with pytest.raises(ZeroDivisionError):
        found.save(trainer(1))
    assert [path.name for path in tmp_path.iterdir()] == ["model.pt"]


def test_everything_is_taken_up(tmp_path):
    old = checkpoint(tmp_path, 3.0, parts={"part": Counter(7)}, evaluator=evaluator(2, 0.875))
    old.save(trainer(4))
    part, engine = Counter(), trainer(0)
    new = checkpoint(tmp_path, parts={"part": part}, evaluator=evaluator())
    assert new.resume(engine)
    assert new.network.weight.item() == 3.0
    assert part.count == 7
    assert (engine.state.epoch, engine.state.iteration) == (4, 20)
    state = new.evaluator.state
    assert (state.best_metric, state.best_metric_epoch) == (0.875, 2)


@pytest.mark.parametrize(
    ("saved", "max_epochs", "is_left"),
    [(trainer(4), 4, False), (trainer(4), 5, True), (trainer(4, stopped=True), 5, False)],
    ids=["finished", "more epochs asked for", "stopped early"],
)
def test_answer_says_whether_epochs_are_left(tmp_path, saved, max_epochs, is_left):
    checkpoint(tmp_path).save(saved)
    assert checkpoint(tmp_path).resume(trainer(0, max_epochs=max_epochs)) is is_left


def test_another_fingerprint_is_refused_before_anything_is_taken_up(tmp_path):
    checkpoint(tmp_path, 3.0, fingerprint={"seed": 0, "split": "abc"}).save(trainer(4))
    new = checkpoint(tmp_path, fingerprint={"seed": 1, "split": "abc", "width": 8})
    line = r"last\.pt belongs to another run \(seed was 0, is 1, width was None, is 8\)\. Rule: .*"
    with pytest.raises(SettingError, match=line):
        new.resume(trainer(0))
    assert new.network.weight.item() == 0.0


def test_values_are_compared_as_they_are_written(tmp_path):
    written = {"use_pal": True, "blur": [0.1, 2.0], "lambda_txt": 1.0}
    checkpoint(tmp_path, fingerprint=written).save(trainer(1, max_epochs=4))
    new = checkpoint(
        tmp_path, fingerprint={"use_pal": "True", "blur": "[0.1, 2.0]", "lambda_txt": 1}
    )
    assert new.resume(trainer(0, max_epochs=4))


def test_a_file_with_code_in_it_is_not_loaded(tmp_path):
    state = {"network": {}, "epoch": datetime.date(2024, 1, 1)}
    torch.save(state, tmp_path / "last.pt")
    with pytest.raises(TrustError, match=r"last.pt is not loaded .*GLOBAL datetime date"):
        checkpoint(tmp_path).resume(trainer(0))


def test_scaler_is_taken_up_when_the_run_starts(tmp_path):
    engine = trainer(1)
    engine.scaler = Counter(5)
    checkpoint(tmp_path).save(engine)
    new, started = checkpoint(tmp_path), trainer(0)
    started.scaler, handlers = Counter(), {}
    started.add_event_handler = lambda event, handler: handlers.update({event.name: handler})
    new.attach(started)
    new.resume(started)
    handlers["STARTED"](started)
    assert started.scaler.count == 5


def test_the_first_of_several_processes_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(run_checkpoint.idist, "get_rank", lambda: 1)
    checkpoint(tmp_path).save(trainer())
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_only_the_file_has_is_a_difference(tmp_path):
    checkpoint(tmp_path, fingerprint={"seed": 0, "processes": 2}).save(trainer())
    with pytest.raises(SettingError, match="processes was 2, is None"):
        checkpoint(tmp_path, fingerprint={"seed": 0}).resume(trainer())
