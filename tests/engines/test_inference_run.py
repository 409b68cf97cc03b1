"""A run of inference ends with the code and the line that its fault deserves."""

from types import SimpleNamespace

import pytest
import torch

from monai_ext.engines import InferenceRun
from monai_ext.errors import SlideError


@pytest.fixture
def checkpoint(tmp_path):
    torch.save(torch.nn.Linear(2, 1).state_dict(), tmp_path / "model.pt")
    return tmp_path / "model.pt"


def evaluator_of(step):
    return SimpleNamespace(run=step)


def run(checkpoint, step, failures=()):
    outputs = SimpleNamespace(failures=dict.fromkeys(failures, "broken"))
    InferenceRun(checkpoint.parent / "out", checkpoint, outputs).run(evaluator_of(step))


def test_clean_run_ends_without_a_word_in_its_folder(checkpoint):
    seen = []
    run(checkpoint, lambda: seen.append((checkpoint.parent / "out").is_dir()))
    assert seen == [True]


def test_failed_slides_end_with_3_after_all_was_done(checkpoint):
    seen = []
    with pytest.raises(SystemExit) as ending:
        run(checkpoint, lambda: seen.append(1), failures=["a"])
    assert (ending.value.code, seen) == (3, [1])


def test_missing_checkpoint_is_named_before_anything_runs(tmp_path):
    line = r"^SettingError: checkpoint .*model\.pt does not exist\. .*--ckpt_path RUN/model\.pt\.$"
    with pytest.raises(SystemExit, match=line):
        run(tmp_path / "model.pt", lambda: pytest.fail("ran"))
    assert "Traceback" in (tmp_path / "out/error.log").read_text()


def test_checkpoint_of_another_network_is_named_with_the_difference(checkpoint):
    def load():
        torch.nn.Linear(3, 1).load_state_dict(torch.load(checkpoint, weights_only=True))

    line = r"model\.pt is of another network .*size mismatch for weight.*inference\.json of its run"
    with pytest.raises(SystemExit, match=line):
        run(checkpoint, load)


def test_typed_error_is_one_line(checkpoint):
    def fail():
        raise SlideError("a is cut", "a slide is whole", "copy it again")

    with pytest.raises(SystemExit, match=r"^SlideError: a is cut\. Rule:"):
        run(checkpoint, fail)


def test_fault_of_the_program_stays_what_it_is(checkpoint):
    def fail():
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match=r"^mat1 and mat2"):
        run(checkpoint, fail, failures=["a"])
