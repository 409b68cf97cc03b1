"""Other texts at test than in training: the control that asks whether texts carry meaning."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ignite.engine import Engine, Events

from monai_ext.data.text_embeddings import TextEmbeddings
from monai_ext.errors import SettingError
from monai_ext.flags import as_bool
from monai_ext.networks.nets.libra_mil import LibraMIL

_logger = logging.getLogger(__name__)


class HasExtra(Protocol):
    """A run's record, ``monai_ext.outputs.RunRecord``."""

    @property
    def extra(self) -> dict[str, Any]:
        """What the run adds: ``values`` by config id."""
        ...


class TextAtTest:
    """Handler that exchanges the texts of a trained network where an evaluation brings other ones.

    Texts that are those of the training are left as the network learnt them. Others take their
    place only if the banks that they go to were frozen in training: a trained bank is no longer
    the text's, and to exchange it would break the network whatever the words say. Attach it after
    the checkpoint's loader.

    Args:
        network: that the evaluator uses.
        texts: of this evaluation.
        record: gives the record of the run that trained the network.
    """

    def __init__(
        self, network: LibraMIL, texts: TextEmbeddings, record: Callable[[], HasExtra]
    ) -> None:
        self.network, self.texts, self.record = network, texts, record

    def attach(self, engine: Engine) -> None:
        """Act when the evaluation starts."""
        engine.add_event_handler(Events.STARTED, self)

    def __call__(self, _engine: Engine | None = None) -> None:
        """Set the texts.

        Raises:
            SettingError: if a bank that would be exchanged was trained.
        """
        values = self.record().extra.get("values", {})
        if values.get("text_record", {}).get("text_hash") == self.texts.text_hash:
            return
        _require_frozen(self.network, values)
        _logger.info("texts at test are not those of the training")
        self.network.set_text(self.texts.instances, self.texts.classes)


def _require_frozen(network: LibraMIL, values: Mapping[str, Any]) -> None:
    wanted = {
        "freeze_text_bank": network.takes_instances,
        "freeze_bag_query": network.takes_classes,
    }
    free = [name for name, is_taken in wanted.items() if is_taken and not as_bool(values.get(name))]
    if free:
        raise SettingError(
            "the run trained its texts, and this evaluation brings other ones",
            "texts are exchanged at test only where they were frozen in training",
            "train with " + " ".join(f"--{name} True" for name in free),
        )
