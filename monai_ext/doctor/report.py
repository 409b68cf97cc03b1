"""All that the ``doctor`` says."""

from __future__ import annotations

from pathlib import Path

from monai_ext.data.feature_folder import find_features
from monai_ext.doctor.features import feature_lines
from monai_ext.doctor.machine import encoder_lines, text_encoder_lines, version_lines
from monai_ext.doctor.readers import reader_lines
from monai_ext.doctor.slides import slide_lines
from monai_ext.errors import FeatureError, SettingError


def report(folder: Path | None = None, cohort: Path | None = None) -> str:
    """Say what works here and what is in a folder.

    Args:
        folder: of features or of slides; ``None`` looks at the machine only.
        cohort: table of slides, patients and labels.

    Raises:
        SettingError: if the folder does not exist.
        FeatureError, SlideError, CohortError: if nothing can be told about it.
    """
    lines = [*version_lines(), "Readers:", *reader_lines(), "Encoders:", *encoder_lines()]
    lines += ["Text encoders:", *text_encoder_lines()]
    if folder is None:
        return "\n".join(lines)
    if not folder.is_dir():
        raise SettingError(f"{folder} is no folder", "doctor looks into a folder", "check the path")
    found = feature_lines if _holds_features(folder) else slide_lines
    return "\n".join([*lines, "", *found(folder, cohort)])


def _holds_features(folder: Path) -> bool:
    try:
        return bool(find_features(folder).levels)
    except FeatureError:
        return any(folder.rglob("*.h5"))
