"""A small model of open_clip, registered for the time of a test."""

import json

import open_clip
import torch

CONFIG = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32},
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 32,
        "heads": 2,
        "layers": 2,
    },
}


def register(folder, name, **text):
    path = folder / f"{name}.json"
    path.write_text(json.dumps(CONFIG | {"text_cfg": CONFIG["text_cfg"] | text}))
    open_clip.add_model_config(path)
    return name


def saved_model(folder, name):
    model = open_clip.create_model(name, pretrained=None, load_weights=False).eval()
    state = {f"module.{key}": value for key, value in model.state_dict().items()}
    torch.save({"epoch": 1, "state_dict": state}, folder / "epoch_1.pt")
    return model, folder / "epoch_1.pt"
