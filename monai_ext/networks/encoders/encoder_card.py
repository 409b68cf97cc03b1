"""What a user must know before choosing an encoder."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from monai.utils import ComponentStore

from monai_ext.errors import SettingError


@dataclass(frozen=True)
class EncoderCard:
    """What a user must know before choosing an encoder.

    Attributes:
        name: for ``--encoder`` and :func:`build_patch_encoder` or :func:`build_text_encoder`.
        description: one line.
        embed_dim: feature width D; 0 if it depends on the arguments.
        licence: of the weights (SPDX where there is one).
        commercial_use: whether that licence allows commercial use; None if that depends on the
            weights that are given.
        missing: what has to be done before it can be used here; None when it is at hand.
        aligned_with: of a text encoder, the image encoders in the same space.
    """

    name: str
    description: str
    embed_dim: int
    licence: str
    commercial_use: bool | None
    missing: str | None
    aligned_with: tuple[str, ...] = ()


def encoder_cards(store: ComponentStore) -> list[EncoderCard]:
    """A card for each registered class; builds none of them."""
    return [_card(store, name) for name in store.names]


def require_name(kind: str, name: str, names: Sequence[str]) -> None:
    """Refuse a name that is not registered.

    Raises:
        SettingError: listing close names.
    """
    if name in names:
        return
    close = difflib.get_close_matches(str(name), names, n=3, cutoff=0.4)
    raise SettingError(
        f"{kind} {name!r} is not registered",
        f"one of {', '.join(names)}",
        f"did you mean {' or '.join(close)}?" if close else "choose one of these",
    )


def _card(store: ComponentStore, name: str) -> EncoderCard:
    description, encoder = store.components[name]
    return EncoderCard(
        name=name,
        description=description,
        embed_dim=encoder.embed_dim,
        licence=encoder.licence,
        commercial_use=encoder.commercial_use,
        missing=encoder.missing(),
        aligned_with=tuple(getattr(encoder, "aligned_with", ())),
    )
