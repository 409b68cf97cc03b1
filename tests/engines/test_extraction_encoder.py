import logging

import pytest

from monai_ext.engines import ExtractionSettings, build_extraction_encoder
from monai_ext.engines.extraction_encoder import encoder_arguments, requested_encoder
from monai_ext.errors import SettingError
from monai_ext.networks.encoders import PATCH_ENCODERS
from tests.engines.tiny_extraction import settings_for


@pytest.fixture
def build(tmp_path):
    (tmp_path / "slides").mkdir()

    def settings(**changes) -> ExtractionSettings:
        return settings_for(tmp_path, **changes)

    return settings


def test_arguments_and_weights_come_together(tmp_path):
    assert encoder_arguments("", {"seed": 1}) == {"seed": 1}
    found = encoder_arguments(str(tmp_path), {"seed": 1})
    assert found == {"seed": 1, "checkpoint": tmp_path}


def test_arguments_are_names_and_values():
    with pytest.raises(SettingError, match=r"encoder_args='preset tiny'. Rule: names and values"):
        encoder_arguments(None, "preset tiny")


def test_missing_weights_are_refused_before_work(build):
    with pytest.raises(SettingError, match=r"no weights at /none.bin. .*--encoder_checkpoint"):
        build(encoder="uni_v1", encoder_checkpoint="/none.bin").verify()


@pytest.mark.parametrize("name", ["uni_v1", "conch_v1", "conch_v1_contrast", "keep", "gpfm"])
def test_gated_encoders_say_how_to_get_weights_and_stand_ins_need_none(build, name):
    with pytest.raises(SettingError, match=f"encoder '{name}' is not at hand.*huggingface.co"):
        build(encoder=name).verify()
    settings = build(encoder=name, encoder_args={"preset": "tiny"})
    settings.verify()
    assert requested_encoder(settings).encoder_id == f"{name}_tiny"


def test_a_given_file_is_looked_into_only_when_it_is_used(build, tmp_path):
    (tmp_path / "w.bin").write_text("")
    settings = build(encoder="uni_v1", encoder_checkpoint=tmp_path / "w.bin")
    settings.verify()
    with pytest.raises(SettingError, match=r"w.bin cannot be read as weights"):
        requested_encoder(settings)
    with pytest.raises(SystemExit, match=r"^SettingError: .*w.bin cannot be read as weights"):
        build_extraction_encoder(settings)


def test_unknown_arguments_are_named_with_the_known_ones(build):
    with pytest.raises(SettingError, match=r"encoder 'tiny' takes no 'side'.*embed_dim, seed"):
        build(encoder_args={"side": 3}).verify()


def test_arguments_of_the_config_go_before_those_of_the_request(build):
    settings = build(encoder_args={"embed_dim": 5, "seed": 2})
    assert requested_encoder(settings).embed_dim == 5
    assert requested_encoder(settings, embed_dim=7).embed_dim == 7


def test_a_stand_in_is_warned_of(build, caplog):
    with caplog.at_level(logging.WARNING):
        requested_encoder(build(encoder="efficientnet_lite0"))
        assert caplog.text == ""
        requested_encoder(build())
    assert "tiny: random stand-in encoder: results are not comparable" in caplog.text


def test_every_registered_encoder_takes_a_checkpoint_or_needs_none():
    import inspect

    for name, encoder in PATCH_ENCODERS:
        takes = "checkpoint" in inspect.signature(encoder).parameters
        assert takes or encoder.missing() is None, name
