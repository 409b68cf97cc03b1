import pytest

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import (
    PATCH_ENCODERS,
    TEXT_ENCODERS,
    TinyText,
    build_text_encoder,
    list_text_encoders,
)


def test_build_hands_its_arguments_on():
    encoder = build_text_encoder("tiny_text", embed_dim=7)
    assert isinstance(encoder, TinyText)
    assert encoder.encode(["a"]).shape == (1, 7)


def test_unknown_name_lists_close_matches():
    with pytest.raises(SettingError, match=r"text encoder 'minilm' .* mean minilm_l6_v2"):
        build_text_encoder("minilm")


def test_every_registered_name_is_the_encoders_id():
    assert len(TEXT_ENCODERS) >= 2
    assert all(encoder.encoder_id == name for name, encoder in TEXT_ENCODERS)


def test_cards_name_licence_width_and_partners():
    card = next(card for card in list_text_encoders() if card.name == "minilm_l6_v2")
    assert (card.embed_dim, card.licence, card.commercial_use) == (384, "Apache-2.0", True)
    assert card.aligned_with == ()


def test_partners_are_registered_patch_encoders():
    partners = {name for card in list_text_encoders() for name in card.aligned_with}
    assert partners <= set(PATCH_ENCODERS.names)
