"""Requests for models, strategies and trainings that there are, before MONAI Label takes them.

It queues a training of a model that there is not, or with choices that nobody can make, and answers
that all is well.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from monai_ext.errors import SettingError
from monai_ext.label.fine_tune import read_choices


@dataclass(frozen=True)
class KnownNames:
    """What can be asked for by name.

    Args:
        trainers: models that can be trained.
        strategies: of active learning.
    """

    trainers: tuple[str, ...]
    strategies: tuple[str, ...]

    def refusal(self, method: str, segments: Sequence[str], body: bytes) -> tuple[int, str] | None:
        """Status and reason, or None for a request that may go on.

        Args:
            method: of HTTP.
            segments: of the path.
            body: of a training a JSON object.
        """
        known = {"train": self.trainers, "activelearning": self.strategies}.get(segments[0])
        if method != "POST" or known is None:
            return None
        name = segments[1] if len(segments) > 1 else ""
        if name not in known:
            kind = "segmenter that learns" if segments[0] == "train" else "strategy"
            return 404, f"no {kind} {name!r}: {', '.join(known) or 'none'}"
        return _fault_of_choices(body) if segments[0] == "train" else None


def _fault_of_choices(body: bytes) -> tuple[int, str] | None:
    try:
        read_choices(json.loads(body) if body.strip() else {})
    except SettingError as error:
        return 422, str(error)
    return None
