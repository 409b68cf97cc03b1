import pytest
import torch
from transformers import BertConfig

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.bert_tower import BertTower, read_bert_config
from monai_ext.networks.encoders.stand_in import fill_with_noise

CONFIG = {
    "vocab_size": 20,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 12,
    "pad_token_id": 0,
}


@pytest.mark.parametrize("pooling", ["mean", "pooler"])
@torch.no_grad()
def test_padding_does_not_matter(pooling):
    tower = BertTower(BertConfig(**CONFIG), pooling).eval()
    fill_with_noise(tower, 0)
    short, padded = torch.tensor([[2, 5, 6, 3]]), torch.tensor([[2, 5, 6, 3, 0, 0, 0]])
    torch.testing.assert_close(tower(short), tower(padded), atol=1e-6, rtol=1e-5)


@torch.no_grad()
def test_mean_is_over_real_tokens():
    tower = BertTower(BertConfig(**CONFIG), "mean").eval()
    fill_with_noise(tower, 0)
    ids = torch.tensor([[2, 5, 6, 3, 0, 0]])
    hidden = tower.bert(input_ids=ids, attention_mask=(ids != 0).long()).last_hidden_state
    torch.testing.assert_close(tower(ids), hidden[:, :4].mean(1))


@torch.no_grad()
def test_pooler_is_a_tanh_layer_of_the_first_token():
    tower = BertTower(BertConfig(**CONFIG), "pooler").eval()
    fill_with_noise(tower, 0)
    ids = torch.tensor([[2, 5, 3]])
    first = tower.bert(input_ids=ids).last_hidden_state[:, 0]
    torch.testing.assert_close(tower(ids), torch.tanh(tower.bert.pooler.dense(first)))


def test_missing_sizes_are_named(tmp_path):
    with pytest.raises(SettingError, match=r"no config.json in"):
        read_bert_config(tmp_path)
