"""Which encoder an extraction uses, with which weights."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from monai_ext.engines.plain_errors import plain_errors
from monai_ext.errors import SettingError
from monai_ext.flags import as_path
from monai_ext.networks.encoders import PATCH_ENCODERS, PatchEncoder, build_patch_encoder

if TYPE_CHECKING:
    from monai_ext.engines.extraction_settings import ExtractionSettings

STAND_IN_NOTE = "random stand-in encoder: results are not comparable to any other"
_logger = logging.getLogger(__name__)


def encoder_arguments(checkpoint: object, arguments: object) -> dict[str, Any]:
    """What the encoder is built with.

    Args:
        checkpoint: a file or folder of weights; empty means none.
        arguments: a mapping of further arguments.

    Raises:
        SettingError: if ``arguments`` is no mapping, or the weights do not exist.
    """
    if not isinstance(arguments, Mapping):
        raise SettingError(
            f"encoder_args={arguments!r}",
            "names and values",
            "--encoder_args \"{'input_px': 224}\"",
        )
    path = as_path(checkpoint)
    if path is None:
        return dict(arguments)
    if not path.exists():
        raise SettingError(f"no weights at {path}", "a file or folder", "give --encoder_checkpoint")
    return {**arguments, "checkpoint": path}


def require_encoder(name: str, arguments: Mapping[str, Any]) -> None:
    """Refuse an encoder that cannot be built, without building it.

    Args:
        name: one of ``PATCH_ENCODERS``.
        arguments: what it will be built with.

    Raises:
        SettingError: for an unknown name or argument, or weights that are not at hand.
    """
    if name not in PATCH_ENCODERS:
        build_patch_encoder(name)  # says which names there are
    encoder = PATCH_ENCODERS[name]
    known = inspect.signature(encoder).parameters
    if unknown := [key for key in arguments if key not in known]:
        raise SettingError(
            f"encoder {name!r} takes no {unknown[0]!r}",
            f"its arguments are {', '.join(known)}",
            "change --encoder_args or --encoder_checkpoint",
        )
    is_given = "checkpoint" in arguments or arguments.get("preset") == "tiny"
    if not is_given and (missing := encoder.missing()):
        raise SettingError(f"encoder {name!r} is not at hand", "its weights are needed", missing)


def requested_encoder(settings: ExtractionSettings, **changes: Any) -> PatchEncoder:
    """The encoder of a request.

    Args:
        settings: the request.
        **changes: arguments of the encoder that go before those of the request.

    Raises:
        SettingError: if it cannot be built, e.g. for weights of another network.
    """
    arguments = encoder_arguments(settings.encoder_checkpoint, settings.encoder_args) | changes
    require_encoder(settings.encoder, arguments)
    encoder = build_patch_encoder(settings.encoder, **arguments)
    if encoder.is_stand_in:
        _logger.warning("%s: %s", encoder.encoder_id, STAND_IN_NOTE)
    return encoder


def build_extraction_encoder(settings: ExtractionSettings, **changes: Any) -> PatchEncoder:
    """:func:`requested_encoder` for a config's ``network_def``.

    Raises:
        SystemExit: one plain line in place of a typed error.
    """
    with plain_errors(None if settings.is_dry else as_path(settings.output_dir)):
        return requested_encoder(settings, **changes)
