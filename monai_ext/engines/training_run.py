"""What a bundle's ``training`` id runs: begin or take up a run, train, end in plain words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import ignite.distributed as idist
from monai.engines import Trainer

from monai_ext.atomic import make_folder
from monai_ext.engines.early_stop import EarlyStop
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.engines.run_checkpoint import LAST, RunCheckpoint
from monai_ext.engines.sigterm import exit_on_sigterm
from monai_ext.errors import SettingError
from monai_ext.flags import as_bool

_logger = logging.getLogger(__name__)


class Record(Protocol):
    """Something that writes what a run is made of into its folder."""

    def write(self, folder: Path) -> None:
        """Write into ``folder``."""
        ...


class TrainingRun:
    """One training run and its folder.

    Args:
        output_dir: folder of the run.
        checkpoint: what saves and restores the run.
        resume: take up ``last.pt`` where there is one (words such as ``"false"`` are understood).
        early_stop: handler that needs to know the trainer.
        record: writes ``run.json`` and ``inference.json`` before the first epoch.
        prepare: called in turn when a run begins, not when it is taken up; None is skipped. Where
            several processes train, the first does it alone, see :class:`ProcessSync`.
    """

    def __init__(
        self,
        output_dir: Path | str,
        checkpoint: RunCheckpoint,
        *,
        resume: Any = False,
        early_stop: EarlyStop | None = None,
        record: Record | None = None,
        prepare: Sequence[Callable[[], Any] | None] = (),
    ) -> None:
        self.folder, self.checkpoint = Path(str(output_dir)), checkpoint
        self.resume, self.early_stop = resume, early_stop
        self.record, self.prepare = record, prepare

    def run(self, trainer: Trainer) -> None:
        """Train to the end, or go on from the last complete epoch.

        Raises:
            SystemExit: with one plain line for what a user can mend, 143 after SIGTERM.
        """
        with plain_errors(self.folder), exit_on_sigterm():
            if not self._begin(trainer):
                _logger.info("nothing left to train in %s", self.folder)
                return
            trainer.run()

    def _begin(self, trainer: Trainer) -> bool:
        make_folder(self.folder)
        if self.early_stop is not None:
            self.early_stop.set_trainer(trainer)
        if not (self.folder / LAST).exists():
            if idist.get_rank() == 0:
                self._begin_anew()
            return True
        if not as_bool(self.resume):
            raise SettingError(
                f"{self.folder} holds a run already ({LAST})",
                "a run is never overwritten",
                "go on with it by --resume True, or give another --output_dir",
            )
        return self.checkpoint.resume(trainer)

    def _begin_anew(self) -> None:
        for step in filter(None, self.prepare):
            step()
        if self.record is not None:
            self.record.write(self.folder)
