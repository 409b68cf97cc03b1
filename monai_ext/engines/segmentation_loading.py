"""What a segmentation run starts from, read once and checked, in plain words where not sound."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from monai_ext.data.class_prompts import read_class_prompts
from monai_ext.data.segmentation_datalist import (
    SEGMENTATION_PARTS,
    SegmentationDatalist,
    load_segmentation_datalist,
)
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.engines.semi_supervised import SSL
from monai_ext.engines.split_loading import existing_datalist
from monai_ext.errors import CohortError, SettingError
from monai_ext.flags import as_bool, as_path
from monai_ext.networks.encoders.text_prototypes import TextPrototypes, build_text_prototypes

_logger = logging.getLogger(__name__)


def load_segmentation_split(
    datalist: Path | str, output_dir: Path | str | None = None
) -> SegmentationDatalist:
    """Read a segmentation datalist for a bundle config.

    Raises:
        SystemExit: with one plain line where the file is missing or not sound.
    """
    with plain_errors(output_dir):
        return load_segmentation_datalist(existing_datalist(datalist, "split-images"))


def check_ssl(ssl: str, split: SegmentationDatalist, output_dir: Path | str | None = None) -> str:
    """The way of training, if there is one of that name and images for it.

    Raises:
        SystemExit: with one plain line otherwise.
    """
    with plain_errors(output_dir):
        if ssl not in SSL:
            raise SettingError(f"ssl={ssl}", f"ssl is one of {', '.join(SSL)}", "mend its name")
        if ssl != "supervised" and not split.unlabelled:
            raise SettingError(
                f"ssl={ssl}, but {split.path} has no unlabelled images",
                "semi-supervised training learns from images without masks too",
                "add them to the datalist under unlabelled, or use --ssl supervised",
            )
        return ssl


def check_selection(
    selection: str, split: SegmentationDatalist, output_dir: Path | str | None = None
) -> str:
    """Which epoch's network is kept: ``last``, or ``best`` of the validation part.

    Raises:
        SystemExit: with one plain line for another word, or without a validation part.
    """
    with plain_errors(output_dir):
        if selection not in ("last", "best"):
            raise SettingError(f"selection={selection}", "last or best", "mend the word")
        if selection == "best" and not split.validation:
            raise SettingError(
                f"selection=best, but {split.path} has no validation images",
                "the best epoch is one of validation",
                "add them, or use --selection last",
            )
        return selection


def items_to_score(
    split: SegmentationDatalist,
    part: str,
    class_names: Sequence[str],
    output_dir: Path | str | None = None,
) -> list[dict[str, Any]]:
    """Items of a part that a trained network can be scored on.

    Args:
        split: read for this run.
        part: of it, not empty.
        class_names: that the network was trained on, in their order.
        output_dir: folder for the traceback.

    Raises:
        SystemExit: with one plain line if there are none, or classes or their order differ.
    """
    with plain_errors(output_dir):
        if list(class_names) != split.class_names:
            raise CohortError(
                f"the network knows {list(class_names)}, {split.path} has {split.class_names}",
                "a class has the same number in training and in scoring",
                "score on a datalist of the same classes in the same order",
            )
        if not split.part(part):
            raise CohortError(
                f"{split.path} has no {part} images", "what is scored is there", "add some"
            )
        return split.part(part)


def network_mpp(
    split: SegmentationDatalist,
    target_mpp: float | None,
    output_dir: Path | str | None = None,
) -> float | None:
    """Um a pixel that the network sees: the target, or what all images have; None: unknown.

    The last is warned of: no slide can be segmented before somebody says it.

    Raises:
        SystemExit: with one plain line where images differ and no target is given.
    """
    with plain_errors(output_dir):
        if target_mpp is not None:
            return float(target_mpp)
        found = {item.get("mpp") for name in SEGMENTATION_PARTS for item in split.part(name)}
        if len(found) > 1:
            shown = ", ".join(sorted(map(str, found)))
            raise SettingError(
                f"images of {split.path} have different um a pixel ({shown}), and no target",
                "a network sees one resolution",
                "give --target_mpp, and every item its mpp",
            )
        mpp = found.pop()
        if mpp is None:
            _logger.warning(
                "images of %s have no um a pixel: training goes on with their pixels as they are, "
                "and segmenting slides will ask for --target_mpp. Column mpp of the table, or "
                "mpp of the items, tells it",
                split.path,
            )
        return mpp


def load_text_prototypes(  # noqa: PLR0913
    prompts: Path | str | None,
    class_names: Sequence[str],
    *,
    ssl: str,
    use_txt_proto: object = True,
    prompt_set: str = "pathology",
    text_encoder: str = "minilm",
    text_checkpoint: Path | str | None = None,
    text_options: Mapping[str, Any] | None = None,
    coop_tokens: int = 0,
    text_agg: str = "mean",
    seed: int = 0,
    output_dir: Path | str | None = None,
) -> TextPrototypes | None:
    """Text prototypes of a bundle config; None where the way of training has no use for them.

    Args:
        prompts: JSON file of sentences, see ``monai_ext.data.read_class_prompts``.
        class_names: of the split.
        ssl: texts are read for ``mpamatch``.
        use_txt_proto: whether it uses them.
        prompt_set: which of the file's sets.
        text_encoder: see :func:`~monai_ext.networks.encoders.build_text_prototypes`.
        text_checkpoint: its weights.
        text_options: its further arguments.
        coop_tokens: learned words in front of each sentence.
        text_agg: ``mean`` or ``max``.
        seed: of random and learned vectors.
        output_dir: folder for the traceback.

    Raises:
        SystemExit: with one plain line where prompts or encoder are missing or do not fit.
    """
    if ssl != "mpamatch" or not as_bool(use_txt_proto):
        return None
    with plain_errors(output_dir):
        path = as_path(prompts)
        if path is None:
            raise SettingError("no prompts", "text prototypes start from sentences", "--prompts F")
        sentences = read_class_prompts(path).sentences(prompt_set, class_names)
        with torch.random.fork_rng(devices=[]):  # the network starts alike with and without texts
            return build_text_prototypes(
                sentences,
                text_encoder,
                checkpoint=as_path(text_checkpoint),
                options=text_options,
                coop_tokens=int(coop_tokens),
                text_agg=text_agg,
                seed=int(seed),
                class_names=class_names,
            )
