"""Settings that ``tune`` chose, for ``crossval --settings``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monai_ext.data import Datalist
from monai_ext.errors import SettingError
from monai_ext.hashing import json_hash


@dataclass(frozen=True)
class TunedSettings:
    """The best settings of a bundle.

    A split that was tuned on gets what was best on its own validation part: no patient that it
    tests has a say, though he may be in another fold's validation part. Other splits get what was
    best on average.

    Attributes:
        bundle: whose they are.
        settings: config ids and values, best over all splits that were tuned on.
        by_split: the same for each of these splits, by the hash of its training and validation.
    """

    bundle: str
    settings: Mapping[str, Any]
    by_split: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of_split(self, datalist: Datalist) -> dict[str, Any]:
        """Settings for one split."""
        return dict(self.by_split.get(choice_hash(datalist), self.settings))

    def require_bundle(self, bundle: str) -> TunedSettings:
        """Give these settings back if they are the bundle's.

        Raises:
            SettingError: if they were tuned for another one.
        """
        if bundle != self.bundle:
            raise SettingError(
                f"the settings were tuned for {self.bundle}, not for {bundle}",
                "each method has its own tuning",
                f"run tune with {bundle}",
            )
        return self

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "bundle": self.bundle,
            "settings": dict(self.settings),
            "by_split": {key: dict(value) for key, value in self.by_split.items()},
        }


def choice_hash(datalist: Datalist) -> str:
    """Hash of all that may choose settings: training and validation part, never the test part."""
    parts = [
        sorted([str(item[key]) for key in ("slide", "patient", "label")] for item in part)
        for part in (datalist.training, datalist.validation)
    ]
    return json_hash([*parts, list(datalist.class_names)])


def read_settings(path: Path | str) -> TunedSettings:
    """Read ``best.json`` of ``tune``.

    Raises:
        SettingError: if it cannot be read or is something else.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        each = found.get("by_split", {})
        return TunedSettings(
            str(found["bundle"]),
            dict(found["settings"]),
            {str(key): dict(value) for key, value in each.items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingError(
            f"settings {path} cannot be read ({error!r})",
            "settings are a JSON with bundle, settings and by_split",
            "give the best.json that tune wrote",
        ) from error
