"""A blank model is served; its decoder is drawn by the seed, its encoder is as it comes."""

import torch

from monai_ext.label.blank_model import write_blank_model
from monai_ext.label.fine_tune import BUNDLE
from monai_ext.label.served_segmenter import ServedSegmenter
from tests.label.label_parts import SEGMENTER


def test_it_is_drawn_by_its_seed_and_by_nothing_else(tmp_path):
    state = torch.get_rng_state()
    states = []
    for k, seed in enumerate((1, 1, 2)):
        model = write_blank_model(tmp_path / str(k), BUNDLE, SEGMENTER, seed)
        states.append(torch.load(model.weights, weights_only=True))
    assert torch.equal(torch.get_rng_state(), state)
    first, again, other = (one["head.weight"] for one in states)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_it_is_served_with_its_values(tmp_path):
    served = ServedSegmenter(write_blank_model(tmp_path / "blank", BUNDLE, SEGMENTER, 0), 0.5)
    assert served.class_names == SEGMENTER["class_names"]
    assert (served.settings.roi_px, served.settings.target_mpp) == (64, 0.5)
    assert served.network().head.weight.shape[0] == 2
