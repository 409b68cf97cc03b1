"""A small KEEP as its release holds it: weights of both towers, sizes and words."""

import json

import torch
from transformers import BertConfig, BertModel

from monai_ext.networks.encoders.keep_towers import KeepVision
from monai_ext.networks.encoders.stand_in import fill_with_noise

SIZES = {
    "vocab_size": 40,
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 96,
    "max_position_embeddings": 32,
}
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "gland", "stroma", "red", "##dish"]


def keep_state(seed=3):
    vision, text = KeepVision("tiny"), BertModel(BertConfig(**SIZES)).eval()
    for network in (vision, text):
        fill_with_noise(network, seed)
    state = dict(vision.state_dict())
    state |= {f"text.{key}": value for key, value in text.state_dict().items()}
    state["text.embeddings.position_ids"] = torch.arange(32)[None]  # of older transformers
    return state | {"logit_scale": torch.tensor(3.2)}, vision, text


def write_keep(folder, state):
    torch.save(state, folder / "pytorch_model.bin")
    (folder / "config.json").write_text(json.dumps({"model_type": "keep", "text_config": SIZES}))
    words = [*WORDS, *(f"w{k}" for k in range(len(WORDS), 40))]
    (folder / "vocab.txt").write_text("\n".join(words))
    return folder
