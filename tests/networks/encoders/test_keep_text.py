"""Reference: transformers' BertModel, called as the model's card does (padded, with a mask)."""

import pytest
import torch
from torch.nn import functional

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import KeepText
from tests.networks.encoders.keep_files import keep_state, write_keep


@pytest.fixture
def release(tmp_path):
    state, _, text = keep_state()
    return write_keep(tmp_path, state), text


def test_vectors_are_berts_pooled_output(release):
    folder, text = release
    encoder = KeepText(folder, max_length=16)
    ids = torch.tensor([[2, 5, 3, 0, 0, 0], [2, 7, 8, 6, 3, 0]])
    with torch.no_grad():
        pooled = text(input_ids=ids, attention_mask=(ids != 0).long()).pooler_output
    wanted = functional.normalize(pooled, dim=-1)
    found = encoder.encode(["Gland", "Reddish stroma"])
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-4)
    assert encoder.embed_dim == 48


def test_words_of_bert_are_lower_cased_and_cut(release):
    encoder = KeepText(release[0], max_length=4)
    assert encoder.tokenizer(["GLAND gland red stroma"]).tolist() == [[2, 5, 5, 3]]


def test_position_ids_of_older_files_are_dropped_but_no_weight(release, tmp_path):
    state, _, _ = keep_state()
    state.pop("text.pooler.dense.weight")
    with pytest.raises(SettingError, match=r"missing bert.pooler.dense.weight"):
        KeepText(write_keep(tmp_path, state))


def test_sizes_come_from_its_config(release):
    folder, _ = release
    (folder / "config.json").write_text("{}")
    with pytest.raises(SettingError, match=r"no text_config in .*config.json"):
        KeepText(folder)


def test_random_numbers_of_others_are_left_alone():
    before = torch.random.get_rng_state()
    encoder = KeepText(preset="tiny")
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (encoder.encoder_id, encoder.aligned_with) == ("keep_text_tiny", ("keep_tiny",))


def test_stand_in_tells_sentences_apart():
    found = KeepText(preset="tiny").encode(["a gland", "red stroma", "a gland"])
    torch.testing.assert_close(found[0], found[2])
    assert (found[0] - found[1]).abs().max() > 0.01


def test_without_weights_it_says_how_to_get_them():
    with pytest.raises(SettingError, match=r"keep_text without weights.*minilm_l6_v2 need nothing"):
        KeepText()
    assert (KeepText.licence, KeepText.aligned_with) == ("MIT", ("keep",))
