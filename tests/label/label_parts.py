"""Models and slides that are small enough to be served in a test."""

import json

import numpy as np
import torch

from monai_ext.experiments.bundle_run import find_bundle
from monai_ext.export.trained_network import untrained_network
from monai_ext.testing.tiny_slides import write_tiny_slide
from monai_ext.testing.zoo.toy_inputs import TOY_MASKS
from tests.engines.tiny_extraction import TISSUE

SEGMENTER = {
    **{name: TOY_MASKS[name] for name in ("patch_encoder", "encoder_options", "decoder_channels")},
    "roi_px": 64,
    "target_mpp": 0.5,
    "read_px": 64,
    "class_names": ["background", "gland"],
    "tolerance_um": 0.0,
}
CLASSIFIER = {
    "in_channels": [16, 16],
    "levels": [0, 1],
    "hidden_dim": 8,
    "attention_dim": 4,
    "encoder": "tiny",
    "tile_px": 32,
    "mpps": [0.5, 1.0],
    "class_names": ["benign", "malignant"],
    "tissue": TISSUE,
}


def write_run(folder, bundle, values, seed=0):
    """A run folder whose network has random weights."""
    configs = find_bundle(bundle) / "configs"
    folder.mkdir(parents=True)
    config = json.loads((configs / "inference.json").read_text()) | values
    (folder / "inference.json").write_text(json.dumps(config))
    (folder / "metadata.json").write_bytes((configs / "metadata.json").read_bytes())
    torch.manual_seed(seed)  # noqa: TID251  (networks draw their weights from it)
    network = untrained_network(configs, values)
    if "roi_px" in values:
        _balance(network)
    torch.save(network.state_dict(), folder / "model.pt")
    return folder


def _balance(network):
    """Both classes somewhere."""
    image = torch.from_numpy(stained(128, 128)).permute(2, 0, 1)[None].float()
    with torch.no_grad():
        ground, gland = network(image)[0]
        network.head.bias[1] += (ground - gland).median()


def write_segmenter(folder, seed=0):
    return write_run(folder, "pathology_mpamatch_segmentation", SEGMENTER, seed)


def write_classifier(folder, seed=0):
    return write_run(folder, "pathology_mil_baselines_classification", CLASSIFIER, seed)


def stained(height, width, seed=0):
    """Tissue everywhere: uint8 [height, width, 3], smooth purple and pink."""
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    smooth = gaussian_filter(noise, (6, 6, 0), mode="nearest")
    return np.clip(np.array([170, 90, 160]) + 900 * smooth, 0, 255).astype(np.uint8)


def write_slide(path, height=200, width=320, mpp=0.5, seed=0):
    write_tiny_slide(path, stained(height, width, seed), mpp=mpp)
    return path
