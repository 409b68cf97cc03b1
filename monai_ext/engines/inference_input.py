"""What a trained network is asked to look at: feature files, or slides whose features are made."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from monai_ext.data import FeatureFolder, find_features, load_bag, read_facts
from monai_ext.engines.extraction import extract_features
from monai_ext.engines.extraction_log import console_log
from monai_ext.engines.extraction_settings import ExtractionSettings
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.engines.sigterm import exit_on_sigterm
from monai_ext.errors import FeatureError, MonaiExtError, SettingError
from monai_ext.flags import as_path

_logger = logging.getLogger(__name__)
FEATURES = "features"


class InferenceInput:
    """The items of an inference config's data set.

    A folder that holds feature files is taken as it is. Otherwise it is a folder of slides, and
    their features are made first, in ``output_dir/features``, with the run's own grid and
    encoder; what is there already is not made again. A slide that cannot be used is not an item
    but a line in ``failed``: wrong encoder or width, damage, NaN, no tissue.

    Args:
        dataset_dir: folder of feature files or of slides, or one slide.
        output_dir: folder of the results.
        extraction: the grid and encoder that the network was trained on.
        in_channels: feature width of each level.
        encoder_id: of the features that the network was trained on; ``None`` is not compared.
        weight_hash: likewise.
        can_extract: false where the training features came from another tool, so that no grid
            is known.
        is_spatial: refuse features without a place on a grid, as the network's preprocessing does.
    """

    def __init__(
        self,
        dataset_dir: Any,
        output_dir: Any,
        extraction: ExtractionSettings,
        *,
        in_channels: Sequence[int],
        encoder_id: str | None = None,
        weight_hash: str | None = None,
        can_extract: bool = True,
        is_spatial: bool = True,
    ) -> None:
        self.source, self.output = as_path(dataset_dir), Path(str(output_dir))
        self.extraction, self.in_channels = extraction, list(in_channels)
        self.encoder_id, self.weight_hash = encoder_id, weight_hash
        self.can_extract, self.is_spatial = can_extract, is_spatial
        self.failed: dict[str, str] = {}

    def items(self) -> list[dict[str, Any]]:
        """One item a usable slide: ``image`` (its files, finest first), ``slide``, ``patient``.

        Raises:
            SystemExit: with one plain line where nothing can be used.
        """
        with plain_errors(self.output), exit_on_sigterm(), console_log():
            folder = self._features()
            found = [self._item(folder, slide) for slide in folder.slides]
            items = [item for item in found if item is not None]
            if not items:
                reasons = "; ".join(f"{slide}: {why}" for slide, why in self.failed.items())
                raise FeatureError(
                    f"no slide of {self.source} can be used ({reasons[:2000]})",
                    "inference needs one usable slide",
                    "mend what is said of each",
                )
        return items

    def slides_dir(self, given: Any = None) -> Path | None:
        """Where pictures find the slides: as given, else the input itself."""
        if self.source is not None and self.source.is_file():
            return as_path(given) or self.source.parent
        return as_path(given) or self.source

    def _features(self) -> FeatureFolder:
        if self.source is not None and self.source.is_file():
            return self._made()
        if self.source is None or not self.source.is_dir():
            raise SettingError(
                f"dataset_dir {self.source} does not exist",
                "inference reads a folder of features or of slides, or one slide",
                "check --dataset_dir",
            )
        try:
            return find_features(self.source, **self._choice())
        except FeatureError as error:
            if not any(self.source.rglob("*.h5")):
                _logger.info("%s holds no features: taken as slides", self.source)
                return self._made()
            raise error from None

    def _made(self) -> FeatureFolder:
        if not self.can_extract:
            raise SettingError(
                "the training features came from another tool, so their grid is not known here",
                "slides are tiled and encoded as the training slides were",
                "make their features with that tool, and give that folder",
            )
        folder = self.output / FEATURES
        asked = replace(self.extraction, dataset_dir=self.source, output_dir=folder)
        outcome = extract_features(asked)
        self.failed |= outcome.failed
        if not (outcome.ok or outcome.empty or outcome.skipped):
            reasons = "; ".join(f"{slide}: {why}" for slide, why in outcome.failed.items())
            raise SettingError(reasons, "inference needs one usable slide", "see failed.csv")
        return find_features(folder, **self._choice())

    def _choice(self) -> dict[str, Any]:
        return {} if self.encoder_id is None else {"encoder": self.encoder_id}

    def _item(self, folder: FeatureFolder, slide: str) -> dict[str, Any] | None:
        try:
            files = folder.files(slide)[: len(self.in_channels)]
            self._check(files)
            load_bag(files, is_spatial=self.is_spatial)
        except MonaiExtError as error:
            self.failed[slide] = str(error)
            _logger.error("%s: failed: %s", slide, error)
            return None
        return {"image": [str(path) for path in files], "slide": slide, "patient": slide}

    def _check(self, files: Sequence[Path]) -> None:
        facts = [read_facts(path) for path in files]
        widths = [item.shape[1] for item in facts]
        if widths != self.in_channels:
            raise FeatureError(
                f"features are {widths} wide",
                f"the network was trained on {self.in_channels}, one width a level",
                "extract with its encoder and levels",
            )
        for name, wanted in (("encoder_id", self.encoder_id), ("weight_hash", self.weight_hash)):
            found = {getattr(item, name) for item in facts} - {None}
            if wanted is not None and found - {wanted}:
                raise FeatureError(
                    f"features have {name} {', '.join(sorted(map(str, found)))}",
                    f"the network was trained on {wanted}",
                    "extract with the same encoder",
                )
        if not facts[0].shape[0]:
            raise FeatureError("no tissue was found", "a prediction needs tissue", "see the mask")
