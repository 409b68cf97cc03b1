"""Texts of a bundle run, read once and checked, in plain words where they are not sound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monai_ext.data.text_controls import controlled_texts
from monai_ext.data.text_embeddings import TextEmbeddings, read_text_embeddings
from monai_ext.engines.plain_errors import plain_errors
from monai_ext.errors import SettingError
from monai_ext.flags import as_path


def load_texts(
    text: Path | str | None,
    class_names: Sequence[str],
    *,
    text_encoder: str | None = None,
    num_instances: int | None = None,
    control: str = "none",
    control_seed: int = 0,
    paraphrased: Path | str | None = None,
    output_dir: Path | str | None = None,
) -> TextEmbeddings:
    """Read embedded texts for a bundle config, in the split's order of classes.

    Args:
        text: safetensors file that ``python -m monai_ext embed-text`` wrote.
        class_names: of the split.
        text_encoder: refuse another encoder's; None: any.
        num_instances: refuse another number of instance texts; None: any.
        control: see ``monai_ext.data.controlled_texts``.
        control_seed: of the control.
        paraphrased: second file, for ``control="paraphrased"``.
        output_dir: folder for the traceback.

    Raises:
        SystemExit: with one plain line where the file is missing or does not fit.
    """
    with plain_errors(output_dir):
        texts = read_text_embeddings(
            as_path(text), encoder_id=text_encoder, num_instances=num_instances
        ).for_classes(class_names)
        second = None
        if as_path(paraphrased) is not None:
            second = read_text_embeddings(as_path(paraphrased), dim=texts.dim)
        try:
            seed = int(control_seed)
        except (TypeError, ValueError) as error:
            raise SettingError(
                f"text_control_seed={control_seed}", "a seed is a whole number", "0"
            ) from error
        return controlled_texts(texts, str(control), seed=seed, paraphrased=second)
