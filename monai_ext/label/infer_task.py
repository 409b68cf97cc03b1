"""A served model as MONAI Label knows models."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monailabel.interfaces.tasks.infer_v2 import InferTask

from monai_ext.label.answer import write_answer
from monai_ext.label.served_models import Served
from monai_ext.label.slide_request import read_request


class SlideInferTask(InferTask):
    """Reads the request, asks the model, writes the answer to a temporary file.

    Args:
        name: of the model.
        served: the model.
    """

    def __init__(self, name: str, served: Served) -> None:
        description = f"{served.kind} of whole slides: {', '.join(served.labels)}"
        super().__init__(served.kind, served.labels, 2, description)
        self.name, self.served = name, served

    def is_valid(self) -> bool:
        """Models that cannot be used are not served at all."""
        return True

    def info(self) -> dict[str, Any]:
        """With what clients for slides look for."""
        return {**super().info(), "pathology": True, "nuclick": False}

    def get_path(self, validate: bool = True) -> str | None:  # noqa: ARG002, FBT001, FBT002
        """Its weights."""
        weights = self.served.model.weights
        return None if weights is None else str(weights)

    def __call__(self, request: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
        """Answer a request whose ``image`` is a path and ``image_id`` a name."""
        asked = read_request(request)
        answer = self.served(Path(request["image"]), str(request["image_id"]), asked)
        path, record = write_answer(answer, asked, self.name, Path(tempfile.gettempdir()))
        return (None if path is None else str(path)), record
