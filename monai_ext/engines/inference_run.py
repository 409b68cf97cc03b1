"""What a bundle's ``run`` id does in inference and evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai.engines import Evaluator

from monai_ext.atomic import make_folder
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.engines.sigterm import exit_on_sigterm
from monai_ext.errors import SettingError
from monai_ext.trust import require_plain

EXIT_SOME_FAILED = 3


class InferenceRun:
    """Run an evaluator with a trained network, and end in plain words.

    Args:
        output_dir: folder of the results.
        ckpt_path: ``model.pt`` of a run.
        outputs: the handler that writes results; its ``failures`` decide the exit code. None:
            there is none that goes on after a failure.
    """

    def __init__(self, output_dir: Path, ckpt_path: Path, outputs: Any = None) -> None:
        self.folder, self.checkpoint, self.outputs = Path(output_dir), Path(ckpt_path), outputs

    def run(self, evaluator: Evaluator) -> None:
        """Predict every slide.

        Raises:
            SystemExit: with one plain line for what a user can mend; 3 if slides failed (they
                are in ``failed.csv``); 143 after SIGTERM.
        """
        with plain_errors(self.folder), exit_on_sigterm():
            make_folder(self.folder)
            self._check()
            try:
                evaluator.run()
            except RuntimeError as error:
                mended = self._mismatch(error)
                if mended is error:
                    raise
                raise mended from error
        failures: Mapping[str, str] = {} if self.outputs is None else self.outputs.failures
        if failures:
            raise SystemExit(EXIT_SOME_FAILED)

    def _check(self) -> None:
        if not self.checkpoint.is_file():
            raise SettingError(
                f"checkpoint {self.checkpoint} does not exist",
                "inference needs a trained network",
                "train one, or give --ckpt_path RUN/model.pt",
            )
        require_plain(self.checkpoint)

    def _mismatch(self, error: RuntimeError) -> Exception:
        if "loading state_dict" not in str(error):
            return error
        return SettingError(
            f"checkpoint {self.checkpoint} is of another network ({str(error).splitlines()[1:3]})",
            "the network is built as it was trained",
            "use the inference.json of its run folder",
        )
