"""KEEP's image features: a permissively licensed partner of a text tower."""

from __future__ import annotations

from pathlib import Path

from monai_ext.networks.encoders.keep_towers import (
    GET_KEEP,
    KEEP_HINT,
    WEIGHT_FILES,
    KeepVision,
    image_part,
)
from monai_ext.networks.encoders.patch_encoder import PatchEncoder
from monai_ext.networks.encoders.pixel_statistics import IMAGENET
from monai_ext.networks.encoders.stand_in import (
    fill_with_noise,
    mark_stand_in,
    on_meta,
    pick_file,
    require_preset,
)
from monai_ext.networks.encoders.strict_load import load_strictly, read_weights


class KEEP(PatchEncoder):
    """KEEP's projected and normalised image vectors, 768 wide; comparable with ``keep_text``.

    Args:
        checkpoint: the folder of the user's files, or its weights.
        preset: ``"full"``; ``"tiny"`` is a stand-in of the same class, 48 wide, random.
        input_px: side to which tiles are resized (bicubic); any other than 224 resamples the
            positions while it runs.
        seed: of the stand-in's weights.

    Raises:
        SettingError: without weights, or if they are not those of this network.

    Reference:
        X. Zhou et al., A knowledge-enhanced pathology vision-language foundation model for cancer
        diagnosis, 2024, https://arxiv.org/abs/2412.13126. Architecture, names and preprocessing
        are those of the repository's loader (MIT, as the model's card); argued, not tested
        against the file.
    """

    encoder_id = "keep"
    embed_dim = 768
    licence = "MIT"
    commercial_use = True

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        preset: str = "full",
        input_px: int | None = 224,
        seed: int = 0,
    ) -> None:
        require_preset(preset, checkpoint, self.encoder_id, GET_KEEP)
        network = on_meta(lambda: KeepVision(preset))
        if checkpoint is None:
            fill_with_noise(network, seed)
        else:
            file = pick_file(checkpoint, WEIGHT_FILES)
            load_strictly(network, image_part(read_weights(file, GET_KEEP)), str(file), KEEP_HINT)
        super().__init__(network, *IMAGENET, input_px, interpolation="bicubic")
        self.embed_dim = network.embed_dim
        if preset == "tiny":
            mark_stand_in(self)

    @classmethod
    def missing(cls) -> str | None:
        """How to get the weights."""
        return GET_KEEP
