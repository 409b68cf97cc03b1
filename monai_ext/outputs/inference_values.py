"""What a run recorded of itself, for the commands that come after training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from monai_ext.errors import SettingError
from monai_ext.outputs.run_files import INFERENCE_FILE


def read_inference_values(run: Path | str) -> dict[str, Any]:
    """Config ids of a run's ``inference.json`` and their values.

    Raises:
        SystemExit: with one plain line where the folder is no run.
    """
    path = Path(str(run)) / INFERENCE_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        plain = SettingError(
            f"{path} cannot be read ({str(error).splitlines()[0]})",
            f"a run folder holds {INFERENCE_FILE}, which training wrote",
            "train first, or give the --output_dir of a run",
        )
        raise SystemExit(f"SettingError: {plain}") from error
    return dict(found)
