"""Every method runs on a small draw; each does what its name says."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from monai_ext.data.mosaic_bank import MosaicBank
from monai_ext.data.mosaic_recipe import MosaicPlan, draw_mosaics
from monai_ext.experiments.bag_methods import BagSettings
from monai_ext.experiments.fit_bags import FitSettings
from monai_ext.experiments.metrics import area_under_roc
from monai_ext.experiments.mosaic_draw import (
    load_draw,
    region_means,
    tile_truth,
    with_regions,
)
from monai_ext.experiments.mosaic_methods import MosaicSettings, mosaic_methods
from monai_ext.experiments.mosaic_scores import share_found, tile_auc
from monai_ext.experiments.reduced_bank import reduce_bank
from monai_ext.ops.bag_layout import unpack_bag

SHAPES = [(4, 6), (2, 3)]
SETTINGS = MosaicSettings(
    penalty=1.0,
    bags=BagSettings(hidden_dim=16, dropout=0.0),
    fit=FitSettings(epochs=25, learning_rate=1e-2, weight_decay=0.01, batch_size=6),
)


@pytest.fixture
def bank(np_rng) -> MosaicBank:
    """64 images of 8 patients; malignant ones differ along every feature."""
    labels = np.arange(64) % 2
    features = []
    for rows, cols in SHAPES:
        noise = np_rng.normal(size=(64, rows * cols, 10))
        features.append((noise + 3.0 * labels[:, None, None]).astype(np.float32))
    glands = [np.zeros((64, rows * cols), np.float32) for rows, cols in SHAPES]
    patients = [str(k // 8) for k in range(64)]
    return MosaicBank(
        [str(k) for k in range(64)], patients, labels.tolist(), features, glands, SHAPES
    )


@pytest.fixture
def recipes(bank):
    plan = MosaicPlan(12, 1, 20, is_scattered=False)
    return draw_mosaics(plan, 0, bank.patients, bank.labels)


@pytest.fixture
def draw(bank, recipes):
    return load_draw(bank, recipes, 6)


def auc_of(name: str, draw) -> float:
    scores = mosaic_methods(SETTINGS, 24)[name](draw, 0).slides.double().numpy()
    assert scores.shape == (20,)
    table = np.stack([-scores, scores], axis=1)
    return float(area_under_roc(draw.test.labels.numpy(), table, np.ones((1, 20)))[0])


@pytest.mark.parametrize("name", ["oracle_image", "lse_image", "lse_m", "abmil_image"])
def test_methods_that_see_regions_find_the_image(draw, name):
    assert auc_of(name, draw) > 0.9


@pytest.mark.parametrize("name", ["mean_logistic", "abmil_fine", "abmil_levels", "m_a", "m2otca"])
def test_other_methods_learn_something(draw, name):
    assert auc_of(name, draw) > 0.6


def test_matching_and_gradient_change_the_scores(draw):
    methods = mosaic_methods(SETTINGS, 24)
    names = ["m_a_image", "m_b_image", "m_c_image", "m2otca_image"]
    scores = [methods[name](draw, 0).slides for name in names]
    apart = [(a - b).abs().max().item() for k, a in enumerate(scores) for b in scores[:k]]
    assert min(apart) > 1e-3


@pytest.mark.parametrize("name", ["oracle_image", "lse_image", "abmil_image"])
def test_the_image_is_looked_at(draw, name):
    images = mosaic_methods(SETTINGS, 24)[name](draw, 0).images
    assert share_found(images, draw.test.truth) > 0.8


def test_attention_of_m2otca_is_that_of_the_finest_level_on_the_images(draw):
    images = mosaic_methods(SETTINGS, 24)["m2otca_image"](draw, 0).images
    assert images.shape == draw.test.truth.shape
    torch.testing.assert_close(images.sum(1), torch.ones(20))
    assert images.std(1).min() > 0


@pytest.mark.parametrize("name", ["mean_logistic", "lse_m", "abmil_levels", "m2otca"])
def test_methods_blind_to_images_weigh_none(draw, name):
    assert mosaic_methods(SETTINGS, 24)[name](draw, 0).images is None


def test_truth_is_that_of_the_images(draw):
    for part in (draw.training, draw.test):
        assert part.truth.sum(1).tolist() == part.labels.tolist()


@pytest.mark.parametrize("is_scattered", [False, True])
def test_truth_of_tiles_follows_them_when_they_are_scattered(bank, is_scattered):
    plan = MosaicPlan(12, 1, 20, is_scattered=is_scattered)
    test = load_draw(bank, draw_mosaics(plan, 0, bank.patients, bank.labels), 6).test
    truth = tile_truth(test, 0)
    assert truth.sum(1).tolist() == [24 * y for y in test.labels.tolist()]
    positive = test.labels == 1
    blocks = test.bags[positive][:, 3, test.bags[0, 0] == 0].long()
    of_place = test.truth[positive].gather(1, blocks)
    assert bool((of_place == truth[positive]).all()) != is_scattered


def test_tiles_of_the_malignant_image_are_found_by_attention_to_regions(draw):
    """Trained until it calls them positive: the attention is that of the predicted class."""
    settings = replace(SETTINGS, fit=replace(SETTINGS.fit, epochs=100))
    scores = mosaic_methods(settings, 24)["region_lse_image"](draw, 0)
    assert scores.slides[draw.test.labels == 1].min() > 0
    assert tile_auc(scores.tiles, tile_truth(draw.test, 0)) > 0.9


def test_test_images_do_not_touch_the_reduction(bank, recipes):
    used = sorted({i for r in recipes if r.part == "training" for i in r.images})
    changed = bank.features[0].copy()
    unused = sorted(set(range(64)) - set(used))
    changed[unused] += 100
    other = MosaicBank(
        bank.names, bank.patients, bank.labels, [changed, bank.features[1]], bank.glands, SHAPES
    )
    one, two = (reduce_bank(b, used, 6).features[0][used] for b in (bank, other))
    np.testing.assert_array_equal(one, two)


def test_all_components_keep_distances_between_tiles(bank):
    images = list(range(64))
    full = reduce_bank(bank, images, 10).features[0].reshape(-1, 10)
    plain = bank.features[0].reshape(-1, 10)
    plain = (plain - plain.mean(0)) / plain.std(0)
    before, after = (np.linalg.norm(x[:50] - x[50:100], axis=1) for x in (plain, full))
    np.testing.assert_allclose(after, before, rtol=1e-3)


def test_distances_are_those_of_the_largest_components(bank):
    """Against a singular value decomposition: the rotation changes no distance."""
    kept = reduce_bank(bank, list(range(64)), 4).features[0].reshape(-1, 4)
    plain = bank.features[0].reshape(-1, 10).astype(np.float64)
    left, values, _ = np.linalg.svd((plain - plain.mean(0)) / plain.std(0), full_matrices=False)
    expected = left[:, :4] * values[:4] / np.sqrt((values[:4] ** 2).mean() / len(plain))
    before, after = (np.linalg.norm(x[:50] - x[50:100], axis=1) for x in (expected, kept))
    np.testing.assert_allclose(after, before, rtol=1e-3)
    assert kept.var(axis=0).mean() == pytest.approx(1, rel=1e-3)


def test_components_are_turned_so_that_none_stands_out(bank):
    """The shared shift of all features is the first component; after turning all carry some."""
    kept = reduce_bank(bank, list(range(64)), 4).features[0].reshape(-1, 4)
    assert kept.var(axis=0).max() < 3.5
    assert np.abs(np.corrcoef(kept.T) - np.eye(4)).max() > 0.1


def test_region_means_are_means_of_regions(draw):
    means = region_means(draw.training.bags, 2)
    level, _, _, region, features = unpack_bag(draw.training.bags)
    expected = features[3][(region[3] == 5) & (level[3] == 1)].mean(0)
    torch.testing.assert_close(means[3, 5, 6:], expected)


def test_own_regions_follow_the_rows_of_coarse_tiles(draw):
    """24 regions of 72 coarse tiles in raster order: three tiles each, four to a row."""
    level, row, col, region, _ = (
        part[0] for part in unpack_bag(with_regions(draw.training.bags, 24)[:1])
    )
    coarse = level == 1
    assert region[coarse].tolist() == (row[coarse] * 4 + col[coarse] // 3).tolist()
    assert region[level == 0].tolist() == ((row // 2) * 4 + col // 6)[level == 0].tolist()
