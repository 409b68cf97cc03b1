"""DSMIL's published weights, against its equations written down once more in numpy."""

import numpy as np
import pytest
import torch

from monai_ext.errors import SettingError
from monai_ext.networks.nets.published_dsmil import load_published_dsmil
from monai_ext.ops.bag_layout import pack_bag
from monai_ext.testing.shared_data import shared_data_path

FILES = ["c16_aggregator.pth", "tcga_aggregator.pth"]


def as_bag(x):
    index = torch.zeros(len(x), dtype=torch.long)
    return pack_bag(torch.as_tensor(x), index, index, index)[None]


def equations(path, x):
    """Logits of both streams and attention (N, C), in float64."""
    state = torch.load(path, weights_only=True, map_location="cpu")
    w = {key: value.double().numpy() for key, value in state.items()}
    x = x.astype(np.float64)
    scores = x @ w["i_classifier.fc.0.weight"].T + w["i_classifier.fc.0.bias"]
    hidden = np.maximum(x @ w["b_classifier.q.0.weight"].T + w["b_classifier.q.0.bias"], 0)
    query = np.tanh(hidden @ w["b_classifier.q.2.weight"].T + w["b_classifier.q.2.bias"])
    classes = scores.shape[1]
    bag, attention = np.array(w["b_classifier.fcc.bias"]), np.empty_like(scores)
    for c in range(classes):
        match = query @ query[np.argmax(scores[:, c])] / np.sqrt(query.shape[1])
        share = np.exp(match - match.max())
        attention[:, c] = share / share.sum()
    for out in range(classes):
        for c in range(classes):
            bag[out] += w["b_classifier.fcc.weight"][out, c] @ (attention[:, c] @ x)
    return scores.max(0), bag, attention


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("number", [1, 300])
def test_published_weights_give_what_the_equations_give(file, number, np_rng):
    path = shared_data_path("dsmil-aggregators") / file
    x = np.abs(np_rng.normal(size=(number, 512))).astype(np.float32)
    best, bag, attention = equations(path, x)
    net = load_published_dsmil(path)
    with torch.no_grad():
        found = net.branch_outputs(as_bag(x))[0]
    np.testing.assert_allclose(found["max_logits"][0], best, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found["bag_logits"][0], bag, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found["class_attention"][0].T, attention, rtol=1e-3, atol=1e-7)
    with torch.no_grad():
        np.testing.assert_allclose(net(as_bag(x))[0], (best + bag) / 2, rtol=1e-5, atol=1e-4)
        alone = load_published_dsmil(path, score="bag")(as_bag(x))
    np.testing.assert_allclose(alone[0], bag, rtol=1e-5, atol=1e-4)


def test_another_file_is_refused(tmp_path):
    torch.save({"i_classifier.fc.0.weight": torch.zeros(1, 4)}, tmp_path / "a.pth")
    with pytest.raises(SettingError, match=r"a.pth lacks .*b_classifier.fcc.bias"):
        load_published_dsmil(tmp_path / "a.pth")


def test_shapes_that_do_not_fit_are_refused(tmp_path):
    path = shared_data_path("dsmil-aggregators") / FILES[0]
    state = torch.load(path, weights_only=True, map_location="cpu")
    state["b_classifier.fcc.weight"] = torch.zeros(1, 1, 8)
    torch.save(state, tmp_path / "b.pth")
    with pytest.raises(SettingError, match=r"(?s)b.pth: .*size mismatch for bag.weight"):
        load_published_dsmil(tmp_path / "b.pth")
