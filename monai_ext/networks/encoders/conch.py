"""CONCH v1's image features, before and after the projection into the space of text."""

from __future__ import annotations

from pathlib import Path

from monai_ext.networks.encoders.conch_model import CONCH_PX, GET_CONCH, load_conch
from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.pixel_statistics import OPENAI
from monai_ext.networks.encoders.stand_in import mark_stand_in


class Conch(PatchEncoder):
    """CONCH v1 before its projection, 512 wide: what MIL studies and TRIDENT extract.

    These vectors are **not** comparable with text; :class:`ConchContrast` gives those that are.
    The weights are gated: this loads a file that the user was granted, strictly.

    Args:
        checkpoint: the user's ``pytorch_model.bin``.
        preset: ``"full"``; ``"tiny"`` is a stand-in of the same classes, 32 wide, random.
        input_px: side to which tiles are resized (bicubic), a multiple of 16; None is CONCH's
            448 (the stand-in's 64). Other sides resample the positions when loading.
        seed: of the stand-in's weights.

    Raises:
        SettingError: without weights, or if they are not those of this network.

    Reference:
        M. Y. Lu et al., A visual-language foundation model for computational pathology, Nature
        Medicine 2024. Sizes, masks and preprocessing are those of the published code and of
        TRIDENT's ``conch_v1``; that the 326 names left without the decoder are those of the gated
        file is argued, not tested against the file.
    """

    encoder_id = "conch_v1"
    embed_dim = 512
    licence = "CC-BY-NC-ND-4.0"
    commercial_use = False
    _contrast = False

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        preset: str = "full",
        input_px: int | None = None,
        seed: int = 0,
    ) -> None:
        model = load_conch(
            checkpoint,
            preset,
            self.encoder_id,
            image_px=input_px,
            contrast=self._contrast,
            seed=seed,
        )
        side = CONCH_PX[preset] if input_px is None else input_px
        super().__init__(model.visual, *OPENAI, side, interpolation="bicubic")
        self.embed_dim = model.embed_dim
        if preset == "tiny":
            mark_stand_in(self)

    @classmethod
    def missing(cls) -> str | None:
        """How to get the weights, which cannot be shipped."""
        return GET_CONCH


class ConchContrast(Conch):
    """CONCH v1 projected and normalised, 512 wide: dot products with ``conch_v1_text`` compare.

    Args, errors and reference as :class:`Conch`. TRIDENT calls it ``conch_v1`` with
    ``with_proj=True, normalize=True``; under that id its files cannot be told apart.
    """

    encoder_id = "conch_v1_contrast"
    _contrast = True
