"""Texts that should not work, or should work as well: what a claim about text rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from monai_ext.data.text_embeddings import TextEmbeddings
from monai_ext.errors import SettingError

TEXT_CONTROLS = ("none", "swapped", "shuffled", "random", "paraphrased")


def controlled_texts(
    texts: TextEmbeddings,
    control: str,
    *,
    seed: int,
    paraphrased: TextEmbeddings | None = None,
) -> TextEmbeddings:
    """Texts of a control experiment.

    Args:
        texts: the task's.
        control: ``none``; ``swapped``: each class gets the text of the next one, the last that
            of the first; ``shuffled``: the coordinates of every vector in one other order, the
            same for all, so that lengths, values and angles between texts stay and only their
            place among the images goes; ``random``: unit vectors of no text; ``paraphrased``: the
            same content in other words.
        seed: of ``shuffled`` and ``random``.
        paraphrased: the second set of texts.

    Raises:
        SettingError: for another word, or paraphrases that are missing or of other names.
    """
    if control == "none":
        return texts
    if control == "paraphrased":
        return _paraphrased(texts, paraphrased)
    if control == "swapped":
        return replace(texts, classes=texts.classes.roll(-1, 0))
    generator = torch.Generator().manual_seed(seed)
    if control == "shuffled":
        order = torch.randperm(texts.dim, generator=generator)
        return _mapped(texts, lambda rows: rows[:, order])
    if control == "random":
        return _mapped(
            texts,
            lambda rows: functional.normalize(torch.randn(rows.shape, generator=generator), dim=1),
        )
    raise SettingError(
        f"text_control={control}",
        "a control is one of the known",
        f"use {', '.join(TEXT_CONTROLS)}",
    )


def _mapped(texts: TextEmbeddings, change: Callable[[Tensor], Tensor]) -> TextEmbeddings:
    return replace(texts, instances=change(texts.instances), classes=change(texts.classes))


def _paraphrased(texts: TextEmbeddings, other: TextEmbeddings | None) -> TextEmbeddings:
    if other is None:
        raise SettingError(
            "text_control=paraphrased without paraphrases",
            "the control needs a second file of texts",
            "--paraphrased_text FILE, made with embed-text ... --texts paraphrase",
        )
    other = other.for_classes(texts.class_names)
    if other.instance_names != texts.instance_names or other.encoder_id != texts.encoder_id:
        raise SettingError(
            f"paraphrases of {other.task} by {other.encoder_id} do not belong to the texts of "
            f"{texts.task} by {texts.encoder_id}",
            "paraphrases have the same names and encoder",
            "embed both from one priors file",
        )
    return other
