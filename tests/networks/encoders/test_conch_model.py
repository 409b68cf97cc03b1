import pytest
import torch

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.conch_model import ConchModel, load_conch
from monai_ext.networks.encoders.stand_in import on_meta


@pytest.fixture(scope="module")
def state():
    return load_conch(None, "tiny", "conch_v1", seed=4).state_dict()


def saved(tmp_path, state):
    torch.save(state, tmp_path / "pytorch_model.bin")
    return tmp_path / "pytorch_model.bin"


def test_full_model_has_the_counts_of_the_published_one():
    model = on_meta(lambda: ConchModel("full", 448, contrast=False))
    assert len(model.state_dict()) == 326
    assert sum(weight.numel() for weight in model.parameters()) == 200_522_497
    assert len(model.text.state_dict()) == 150
    assert len(model.visual.state_dict()) == 175
    assert model.visual.trunk.pos_embed.shape == (1, 785, 768)


def test_decoder_and_module_prefix_are_dropped(tmp_path, state):
    stored = {f"module.{key}": value for key, value in state.items()}
    stored["module.text_decoder.ln_final.weight"] = torch.ones(3)
    model = load_conch(saved(tmp_path, stored), "tiny", "conch_v1")
    torch.testing.assert_close(model.state_dict(), state)


@pytest.mark.parametrize("missing", ["text.cls_emb", "visual.proj_contrast", "logit_scale"])
def test_both_towers_are_complete_or_refused(tmp_path, state, missing):
    stored = {key: value for key, value in state.items() if key != missing}
    with pytest.raises(SettingError, match=f"missing {missing}.*CONCH v1.5 is another network"):
        load_conch(saved(tmp_path, stored), "tiny", "conch_v1")


def test_foreign_tensor_is_refused(tmp_path, state):
    path = saved(tmp_path, state | {"visual.head.weight": torch.ones(2)})
    with pytest.raises(SettingError, match=r"unexpected visual.head.weight"):
        load_conch(path, "tiny", "conch_v1")


def test_positions_are_resampled_for_another_side(tmp_path, state):
    grid = torch.arange(16.0).view(1, 4, 4, 1).expand(1, 4, 4, 64)
    positions = torch.cat([torch.full((1, 1, 64), 99.0), grid.flatten(1, 2)], dim=1)
    path = saved(tmp_path, state | {"visual.trunk.pos_embed": positions})
    model = load_conch(path, "tiny", "conch_v1", image_px=32)
    found = model.visual.trunk.pos_embed[0, :, 0]
    torch.testing.assert_close(found, torch.tensor([99.0, 2.5, 4.5, 10.5, 12.5]))


def test_without_weights_it_says_what_to_use_meanwhile():
    with pytest.raises(SettingError, match=r"conch_v1_text without.*meanwhile keep and keep_text"):
        load_conch(None, "full", "conch_v1_text")
