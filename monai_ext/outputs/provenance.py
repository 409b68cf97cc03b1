"""What led to an output, as one short id: slide, grid, encoder, split, checkpoint."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from monai_ext.hashing import json_hash


@dataclass(frozen=True)
class Provenance:
    """The chain behind one slide's output; a link that is not known is ``None``.

    Attributes:
        slide_hash: of the slide (``openslide.quickhash-1`` or our own).
        request_hash: of the grid and tissue request.
        encoder_id: e.g. ``efficientnet_lite0``.
        weight_hash: of the encoder's weights.
        split_hash: of the datalist that the network was trained on.
        checkpoint_hash: of the network's weights.

    Example:
        >>> Provenance("a", None, "resnet50", "b", "c", "d").id
        '5cdb0e2bf47d2aef'
    """

    slide_hash: str | None = None
    request_hash: str | None = None
    encoder_id: str | None = None
    weight_hash: str | None = None
    split_hash: str | None = None
    checkpoint_hash: str | None = None

    @property
    def id(self) -> str:
        """16 hex digits; any other link gives another id."""
        return json_hash(asdict(self))

    def mapping(self) -> dict[str, str | None]:
        """The id and every link by name, as files carry it."""
        return {"id": self.id, **asdict(self)}
