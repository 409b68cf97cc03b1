"""Two files of a run: ``model.pt`` (best network) and ``last.pt`` (all that resume needs)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Events
from monai.engines import Evaluator, Trainer
from monai.networks.utils import get_state_dict
from torch.nn.parallel import DistributedDataParallel

from monai_ext.atomic import write_atomically
from monai_ext.errors import SettingError
from monai_ext.trust import load_state

MODEL, LAST = "model.pt", "last.pt"
_logger = logging.getLogger(__name__)


class RunCheckpoint:
    """Save the run after every epoch, and take it up again where it was.

    ``last.pt`` holds the network, each stateful part, the epoch and the best validation score.
    ``model.pt`` is the bare state dict of the network at its best validation epoch; with no
    validation part (few-shot runs of fixed length) it is the last epoch's. Both are replaced
    whole, so a killed process leaves the state of the last complete epoch. Where several processes
    train, the first writes and all read. Attach it after the validation handler; random draws need
    nothing here (see ``SeedEpochs``).

    Args:
        output_dir: folder of the run.
        network: the trained network.
        parts: what has ``state_dict``/``load_state_dict``: optimiser, schedule, early stop, log.
        evaluator: the validation engine, or ``None``.
        fingerprint: plain values that must be equal when a run is taken up again, e.g. seed and
            split hash.
    """

    def __init__(
        self,
        output_dir: Path | str,
        network: torch.nn.Module,
        parts: Mapping[str, Any],
        *,
        evaluator: Evaluator | None = None,
        fingerprint: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder = Path(str(output_dir))
        self.network, self.parts, self.evaluator = network, dict(parts), evaluator
        self.fingerprint = dict(fingerprint or {})
        self._scaler_state: dict[str, Any] | None = None

    def attach(self, engine: Trainer) -> None:
        """Save when an epoch (with its validation) is over."""
        engine.add_event_handler(Events.STARTED, self._restore_scaler)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self.save)

    def save(self, engine: Trainer) -> None:
        """Write ``last.pt``, and ``model.pt`` when this epoch is the best so far."""
        if idist.get_rank() > 0:
            return
        state = {
            "network": get_state_dict(self.network),
            "parts": {name: part.state_dict() for name, part in self.parts.items()},
            "scaler": engine.scaler.state_dict() if engine.scaler is not None else None,
            "epoch": engine.state.epoch,
            "epoch_length": engine.state.epoch_length,
            "stopped": bool(engine.should_terminate),
            "best": self._best(),
            "fingerprint": self.fingerprint,
        }
        if self._is_best(engine.state.epoch):
            self._write(MODEL, state["network"])
        self._write(LAST, state)

    def resume(self, engine: Trainer) -> bool:
        """Take up ``last.pt``; say whether epochs are left to train.

        Raises:
            SettingError: if the file belongs to another seed, split or network.
        TrustError: if it is damaged, or holds more than tensors and plain values.
        """
        state = load_state(self.folder / LAST, engine.state.device)
        self._check(state)
        _unwrapped(self.network).load_state_dict(state["network"])
        for name, part in self.parts.items():
            part.load_state_dict(state["parts"][name])
        self._scaler_state = state["scaler"]
        engine.state.epoch = state["epoch"]
        engine.state.iteration = state["epoch"] * state["epoch_length"]
        if self.evaluator is not None:
            for name, value in state["best"].items():
                setattr(self.evaluator.state, name, value)
        _logger.info("taken up after epoch %d", state["epoch"])
        return not state["stopped"] and state["epoch"] < engine.state.max_epochs

    def _check(self, state: Mapping[str, Any]) -> None:
        there = state["fingerprint"]
        here = self.fingerprint
        differing = [k for k in there | here if not _same(there.get(k), here.get(k))]
        if differing:
            was = ", ".join(f"{k} was {there.get(k)}, is {here.get(k)}" for k in differing)
            raise SettingError(
                f"{self.folder / LAST} belongs to another run ({was})",
                "a run is resumed with the settings that it was started with",
                "restore them, or give another --output_dir",
            )

    def _best(self) -> dict[str, Any]:
        if self.evaluator is None:
            return {}
        state = self.evaluator.state
        return {"best_metric": state.best_metric, "best_metric_epoch": state.best_metric_epoch}

    def _is_best(self, epoch: int) -> bool:
        return self.evaluator is None or self.evaluator.state.best_metric_epoch in (-1, epoch)

    def _restore_scaler(self, engine: Trainer) -> None:
        if self._scaler_state is not None and engine.scaler is not None:
            engine.scaler.load_state_dict(self._scaler_state)

    def _write(self, name: str, content: object) -> None:
        with write_atomically(self.folder / name) as path:
            torch.save(content, path)


def _unwrapped(network: torch.nn.Module) -> torch.nn.Module:
    return network.module if isinstance(network, DistributedDataParallel) else network


def _same(one: Any, other: Any) -> bool:
    """Equal, or written alike: a command line gives "True" where a config has true."""
    return one == other or str(one) == str(other)
