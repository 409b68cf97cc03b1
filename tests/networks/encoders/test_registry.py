import pytest

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import (
    PATCH_ENCODERS,
    EfficientNetLite0,
    TinyEncoder,
    build_patch_encoder,
    list_encoders,
    registry,
)


def test_build_hands_its_arguments_on():
    encoder = build_patch_encoder("tiny", embed_dim=7)
    assert isinstance(encoder, TinyEncoder)
    assert encoder.embed_dim == 7


def test_unknown_name_lists_close_matches():
    with pytest.raises(SettingError, match="did you mean efficientnet_lite0"):
        build_patch_encoder("efficientnet-lite")


def test_every_registered_name_is_the_encoders_id():
    assert len(PATCH_ENCODERS) >= 2
    assert all(encoder.encoder_id == name for name, encoder in PATCH_ENCODERS)


def test_cards_name_licence_and_width():
    card = next(card for card in list_encoders() if card.name == "efficientnet_lite0")
    assert (card.embed_dim, card.licence, card.commercial_use) == (1280, "Apache-2.0", True)
    assert card.missing is None


def test_card_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(EfficientNetLite0, "missing", classmethod(lambda cls: "pip install it"))
    card = next(card for card in list_encoders() if card.name == "efficientnet_lite0")
    assert card.missing == "pip install it"


def test_listing_builds_nothing(monkeypatch):
    monkeypatch.setattr(TinyEncoder, "__init__", lambda self: pytest.fail("was built"))
    assert [card.name for card in registry.list_encoders()] == list(PATCH_ENCODERS.names)
