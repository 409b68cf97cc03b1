"""From priors to embedded texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from monai_ext.data.class_prompts import ClassPrompts, has_prompt_sets, read_class_prompts
from monai_ext.data.text_embeddings import TextEmbeddings, write_text_embeddings
from monai_ext.data.text_priors import TextPriors, read_text_priors

if TYPE_CHECKING:
    from monai_ext.networks.encoders.sentence_encoder import SentenceEncoder


def embed_priors(priors: TextPriors, encoder: SentenceEncoder, texts: str) -> TextEmbeddings:
    """Embed the sentences of a task.

    Args:
        priors: of the task.
        encoder: frozen text encoder.
        texts: ``description`` or ``paraphrase``.
    """
    instances, classes = priors.texts(texts)
    return TextEmbeddings(
        instances=encoder.encode(instances).cpu(),
        classes=encoder.encode(classes).cpu(),
        instance_names=tuple(each.name for each in priors.instances),
        class_names=priors.class_names,
        task=priors.task,
        encoder_id=encoder.encoder_id,
        weight_hash=encoder.weight_hash,
        licence=encoder.licence,
        aligned_with=tuple(encoder.aligned_with),
        priors_hash=priors.priors_hash,
        texts=texts,
    )


def embed_file(
    priors: Path | str,
    encoder: str,
    output: Path | str,
    *,
    checkpoint: Path | None = None,
    texts: str = "",
    options: dict[str, Any] | None = None,
) -> Path:
    """Read priors or prompts, embed them, write the file; gives its path.

    Args:
        priors: JSON file: of a task's classes and instances, or, with ``sets``, of prompts, see
            :func:`~monai_ext.data.class_prompts.read_class_prompts`.
        encoder: name of a text encoder.
        output: safetensors file to write.
        checkpoint: weights of an encoder that does not carry its own.
        texts: ``description`` (the default) or ``paraphrase``; of prompts the name of the set,
            ``pathology`` unless given.
        options: further arguments of the encoder, e.g. ``tokenizer``.

    Raises:
        SettingError: if the priors are not sound, the name unknown or weights missing.
    """
    from monai_ext.networks.encoders.encoder_card import require_name
    from monai_ext.networks.encoders.text_registry import (
        TEXT_ENCODERS,
        build_text_encoder,
        text_encoder_arguments,
    )

    found = (read_class_prompts if has_prompt_sets(priors) else read_text_priors)(priors)
    require_name("text encoder", encoder, TEXT_ENCODERS.names)
    given = dict(options or {}) | ({} if checkpoint is None else {"checkpoint": checkpoint})
    tower = build_text_encoder(encoder, **text_encoder_arguments(encoder, given))
    if isinstance(found, ClassPrompts):
        return _embed_prompts(found, tower, texts or "pathology", output)
    return write_text_embeddings(output, embed_priors(found, tower, texts or "description"))


def _embed_prompts(
    prompts: ClassPrompts, encoder: SentenceEncoder, prompt_set: str, output: Path | str
) -> Path:
    from monai_ext.networks.encoders.prompt_vectors import embed_prompts, write_prompt_vectors

    names = prompts.class_names
    vectors = embed_prompts(prompts.sentences(prompt_set, names), names, encoder)
    return write_prompt_vectors(output, vectors)
