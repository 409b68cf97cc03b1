"""A run begins, is taken up and ends as promised."""

import csv
import os
import signal
from types import SimpleNamespace

import pytest
import torch
from ignite.engine import Events

from monai_ext.engines import TrainingRun, training_run
from monai_ext.hashing import state_hash
from tests.engines.toy_run import make_toy_run


def weights(path):
    return state_hash(torch.load(path, weights_only=True))


def last_weights(path):
    return state_hash(torch.load(path, weights_only=True)["network"])


def test_resumed_run_equals_an_undisturbed_one_bit_for_bit(tmp_path):
    make_toy_run(tmp_path / "whole", max_epochs=5).start()
    broken = make_toy_run(tmp_path / "parts", max_epochs=5)
    broken.trainer.add_event_handler(Events.ITERATION_COMPLETED(once=15), _raise)
    with pytest.raises(OSError, match="power cut"):
        broken.start()
    make_toy_run(tmp_path / "parts", max_epochs=5, resume=True).start()

    assert last_weights(tmp_path / "whole/last.pt") == last_weights(tmp_path / "parts/last.pt")
    assert weights(tmp_path / "whole/model.pt") == weights(tmp_path / "parts/model.pt")
    assert (tmp_path / "whole/metrics.csv").read_text() == (
        tmp_path / "parts/metrics.csv"
    ).read_text()


def test_resumed_run_keeps_the_best_model_of_before(tmp_path):
    first = make_toy_run(tmp_path, max_epochs=3)
    first.start()
    best = weights(tmp_path / "model.pt")
    second = make_toy_run(tmp_path, max_epochs=4, resume=True)
    second.evaluator.add_event_handler(Events.EPOCH_STARTED, lambda: _spoil(second.network))
    second.start()
    assert weights(tmp_path / "model.pt") == best


def test_early_stop_ends_at_the_same_epoch_after_a_resume(tmp_path):
    make_toy_run(tmp_path / "whole", max_epochs=60, patience=3).start()
    whole = _rows(tmp_path / "whole")
    assert 5 < len(whole) < 60
    broken = make_toy_run(tmp_path / "parts", max_epochs=60, patience=3)
    broken.trainer.add_event_handler(Events.EPOCH_STARTED(once=len(whole)), _raise)
    with pytest.raises(OSError, match="power cut"):
        broken.start()
    make_toy_run(tmp_path / "parts", max_epochs=60, patience=3, resume=True).start()

    assert _rows(tmp_path / "parts") == whole


def test_run_that_stopped_early_stays_stopped(tmp_path):
    make_toy_run(tmp_path, max_epochs=60, patience=3).start()
    before = len(_rows(tmp_path))
    make_toy_run(tmp_path, max_epochs=60, patience=3, resume=True).start()
    assert len(_rows(tmp_path)) == before < 60


def test_finished_run_is_left_as_it_is(tmp_path):
    make_toy_run(tmp_path, max_epochs=2).start()
    before = (tmp_path / "last.pt").read_bytes()
    make_toy_run(tmp_path, max_epochs=2, resume="true").start()
    assert (tmp_path / "last.pt").read_bytes() == before


@pytest.mark.parametrize("word", ["false", "False", "0", False, None])
def test_resume_false_means_false(tmp_path, word):
    make_toy_run(tmp_path, max_epochs=1).start()
    with pytest.raises(SystemExit, match=r"never overwritten.*--resume True"):
        make_toy_run(tmp_path, max_epochs=2, resume=word).start()
    assert len(_rows(tmp_path)) == 1


def test_resume_with_another_seed_is_refused(tmp_path):
    make_toy_run(tmp_path, max_epochs=1).start()
    with pytest.raises(SystemExit, match="seed was 0, is 3"):
        make_toy_run(tmp_path, max_epochs=2, resume=True, seed=3).start()


def test_other_seed_gives_other_weights(tmp_path):
    make_toy_run(tmp_path / "a", max_epochs=2).start()
    make_toy_run(tmp_path / "b", max_epochs=2, seed=1).start()
    assert last_weights(tmp_path / "a/last.pt") != last_weights(tmp_path / "b/last.pt")


def test_run_without_validation_keeps_its_last_epoch(tmp_path):
    run = make_toy_run(tmp_path, max_epochs=3, validate=False)
    run.start()
    assert weights(tmp_path / "model.pt") == state_hash(run.network.state_dict())


def test_best_model_is_the_epoch_of_the_lowest_validation_loss(tmp_path):
    run = make_toy_run(tmp_path, max_epochs=6)
    seen = []
    run.evaluator.add_event_handler(
        Events.EPOCH_COMPLETED,
        lambda engine: seen.append((engine.state.metrics["val_loss"], state_hash(_copy(run)))),
    )
    run.start()
    assert weights(tmp_path / "model.pt") == min(seen)[1]


def test_sigterm_ends_with_143_and_complete_files(tmp_path):
    run = make_toy_run(tmp_path, max_epochs=50)
    run.trainer.add_event_handler(
        Events.ITERATION_COMPLETED(once=15), lambda: os.kill(os.getpid(), signal.SIGTERM)
    )
    with pytest.raises(SystemExit) as stop:
        run.start()
    assert stop.value.code == 143
    assert torch.load(tmp_path / "last.pt", weights_only=True)["epoch"] == 2
    assert not list(tmp_path.glob(".*partial*"))


def test_unwritable_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match="cannot be written to"):
        make_toy_run(tmp_path / "file" / "run").start()


def _raise():
    raise OSError("power cut")


def _spoil(network):
    for parameter in network.parameters():
        parameter.data.fill_(5.0)


def _copy(run):
    return {name: value.clone() for name, value in run.network.state_dict().items()}


def _rows(folder):
    with (folder / "metrics.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_the_first_of_several_processes_prepares_and_records(tmp_path, monkeypatch):
    done = []
    for rank in (1, 0):
        monkeypatch.setattr(training_run.idist, "get_rank", lambda rank=rank: rank)
        run = TrainingRun(tmp_path, SimpleNamespace(), prepare=[lambda: done.append("prepared")])
        run.record = SimpleNamespace(write=done.append)
        run.run(SimpleNamespace(run=lambda: done.append("trained")))
    assert done == ["trained", "prepared", tmp_path, "trained"]
