"""Against numpy, and as properties."""

import numpy as np
import pytest
import torch
from PIL import Image

from monai_ext.engines.segment_region import Box
from monai_ext.engines.segment_source import SlideToSegment
from monai_ext.export import find_model
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.square_scores import score_squares
from tests.label.label_parts import stained, write_segmenter

BOXES = [Box(0, 0, 64, 64), Box(64, 32, 64, 64), Box(20, 20, 70, 50)]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    return ServedSegmenter(find_model(write_segmenter(tmp_path_factory.mktemp("label") / "run")))


def slide_of(path, served, image):
    Image.fromarray(image).save(path)
    return SlideToSegment(path, path.stem, 0.5, served.settings)


def test_entropy_and_vector_are_those_of_the_networks_output(served, tmp_path):
    image, network = stained(128, 160), served.network()
    found = score_squares(slide_of(tmp_path / "a.png", served, image), network, BOXES)
    for k, box in enumerate(BOXES):
        part = image[box.top : box.top + box.height, box.left : box.left + box.width]
        pixels = torch.from_numpy(part.copy()).permute(2, 0, 1)[None].float()
        with torch.no_grad():
            decoded = network.decode(network.encode(pixels), pixels.shape[-2:])
            inner = decoded.inner[0].flatten(1).T
            units = network.embed_pixels(inner).double().numpy()
        logits = decoded.logits[0].double().numpy()
        q = np.exp(logits) / np.exp(logits).sum(0)
        entropy = -(q * np.log2(q)).sum(0).mean()
        assert found.entropy[k] == pytest.approx(entropy, rel=1e-6)
        mean = units.mean(0)
        np.testing.assert_allclose(found.vectors[k], mean / np.linalg.norm(mean), atol=1e-6)


def test_they_lie_between_sure_and_unsure(served, tmp_path):
    slide, network = slide_of(tmp_path / "a.png", served, stained(128, 160)), served.network()
    found = score_squares(slide, network, BOXES)
    assert ((found.entropy > 0) & (found.entropy < 1)).all()
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.zero_()
        np.testing.assert_allclose(score_squares(slide, network, BOXES).entropy, 1)
        network.head.bias[0] = 50
        assert score_squares(slide, network, BOXES).entropy.max() < 1e-6
    network.load_state_dict(state)
