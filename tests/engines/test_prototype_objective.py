"""Images and texts pull and push pixels; only trusted pixels move the bank."""

import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

from monai_ext.engines.pixel_pool import PixelPool, join_pools, pool_pixels
from monai_ext.engines.prototype_setup import build_prototype_objective
from monai_ext.losses.prototype_loss import PrototypeLoss
from monai_ext.networks.nets.transuni import Decoded
from monai_ext.ops.prototype_assignment import assign_prototypes, prototype_similarity

C, K, D, N = 2, 3, 5, 60


class Net(nn.Module):
    """Embeds pixels; stands for the network."""

    def __init__(self, seen: int = 0) -> None:
        super().__init__()
        self.register_buffer("prototypes", torch.zeros(seen, D))

    def embed_pixels(self, pixels):
        return normalize(pixels, dim=1)


class Texts(nn.Module):
    def __init__(self, vectors) -> None:
        super().__init__()
        self.vectors = nn.Parameter(vectors)

    def forward(self):
        return normalize(self.vectors, dim=-1)


@pytest.fixture
def pool(rng):
    inner = torch.randn(N, D, generator=rng)
    return PixelPool(inner, torch.arange(N) % C, torch.rand(N, generator=rng) < 0.5)


@pytest.fixture
def texts(rng):
    return Texts(torch.randn(C, 1, D, generator=rng))


def build(text=None, **given):
    return build_prototype_objective(C, D, text=text, per_class=K, **given)


def test_the_loss_is_images_plus_weighted_texts(pool, texts):
    made = build(texts, lambda_txt=0.3)
    total, parts = made(Net(), pool)
    pixels = normalize(pool.inner, dim=1)
    image = prototype_similarity(pixels, _start(made, pool))
    words = prototype_similarity(pixels, texts())
    loss = PrototypeLoss()
    expected = sum(loss(image, pool.labels, assign_prototypes(image, pool.labels)))
    expected = expected + 0.3 * sum(loss(words, pool.labels, assign_prototypes(words, pool.labels)))
    torch.testing.assert_close(total, expected)
    assert set(parts) >= {"image_alignment", "image_contrast", "text_alignment", "text_contrast"}


def _start(made, pool):
    """The bank before its first move: k-means++ on the trusted pixels."""
    fresh = build()
    fresh.bank.start(normalize(pool.inner, dim=1)[pool.trusted], pool.labels[pool.trusted])
    return fresh.bank.vectors


def test_switches_leave_the_other_terms_as_they_are(pool, texts):
    _, whole = build(texts)(Net(), pool)
    _, images = build()(Net(), pool)
    _, words = build(texts, use_img_proto=False)(Net(), pool)
    assert {k: v for k, v in whole.items() if not k.startswith("text")} == images
    assert {k: v for k, v in whole.items() if k.startswith("text")} == words
    _, no_pull = build(texts, use_pal="False")(Net(), pool)
    assert no_pull["image_alignment"] == no_pull["text_alignment"] == 0
    assert no_pull["image_contrast"] == whole["image_contrast"]


def test_only_trusted_pixels_start_and_move_the_bank(pool):
    one, two = build(momentum=0.5), build(momentum=0.5)
    one(Net(), pool)
    moved = pool.inner.clone()
    moved[~pool.trusted] = moved[~pool.trusted].flip(0) * 3 + 1
    two(Net(), PixelPool(moved, pool.labels, pool.trusted))
    assert torch.equal(one.bank.vectors, two.bank.vectors)
    two(Net(), pool)
    assert not torch.equal(one.bank.vectors, two.bank.vectors)


def test_gradients_reach_pixels_and_learned_texts_but_not_the_bank(pool, texts):
    pool.inner.requires_grad_()
    made = build(texts)
    total, _ = made(Net(), pool)
    total.backward()
    assert pool.inner.grad.abs().max() > 0
    assert texts.vectors.grad.abs().max() > 0
    assert [name for name, _ in made.named_parameters()] == ["text.vectors"]
    assert not made.bank.vectors.requires_grad


def test_an_untrusted_pixel_is_still_pulled(pool):
    pool.inner.requires_grad_()
    total, _ = build()(Net(), pool)
    total.backward()
    assert (pool.inner.grad[~pool.trusted].abs().sum(1) > 0).all()


def test_the_network_is_shown_all_prototypes_where_it_looks(pool, texts):
    made, net = build(texts, momentum=0.9), Net(C * K + C)
    made(net, pool)
    torch.testing.assert_close(net.prototypes[: C * K], made.bank.vectors.flatten(0, 1))
    torch.testing.assert_close(net.prototypes[C * K :], texts()[:, 0].detach())


def test_assignments_name_the_nearest_prototype_of_any_class(pool):
    made = build()
    made(Net(), pool)
    pixels = normalize(pool.inner, dim=1)
    found = made.assignments(pixels)
    away = torch.cdist(pixels, made.bank.vectors.flatten(0, 1))
    assert torch.equal(found, away.argmin(1))
    with pytest.raises(ValueError, match="there are no visual prototypes"):
        build(nn.Identity(), use_img_proto=False).assignments(pixels)


def test_pixels_are_pooled_with_their_own_labels_and_trust(rng):
    inner = torch.randn(2, 4, 3, 5, generator=rng)
    logits = torch.randn(2, C, 6, 10, generator=rng)
    labels = torch.randint(C, (2, 6, 10), generator=rng)
    labels[0, :3] = 255
    pool = pool_pixels(Decoded(logits, inner), labels, C, 1000)
    rows, cols = torch.tensor([1, 3, 5]), torch.tensor([1, 3, 5, 7, 9])
    small = labels[:, rows][:, :, cols]
    right = (logits.argmax(1) == labels)[:, rows][:, :, cols]
    keep = small.flatten() != 255
    torch.testing.assert_close(pool.inner, inner.movedim(1, -1).flatten(0, 2)[keep])
    assert torch.equal(pool.labels, small.flatten()[keep])
    assert torch.equal(pool.trusted, right.flatten()[keep])
    both = join_pools([pool, pool])
    assert len(both.labels) == 2 * len(pool.labels)
    given = pool_pixels(Decoded(logits, inner), labels, C, 1000, torch.zeros_like(labels).bool())
    assert not given.trusted.any()


def test_classes_without_a_bank_do_not_count_as_collapsed(pool):
    made = build()
    made.bank.vectors[0] = normalize(torch.eye(D)[:K], dim=1)
    made.bank.ready[0] = True
    none = PixelPool(pool.inner, pool.labels, torch.zeros_like(pool.trusted))
    _, parts = made(Net(), none)
    mine = normalize(pool.inner[pool.labels == 0], dim=1) @ made.bank.vectors[0].T
    share = torch.bincount(mine.argmax(1), minlength=K).double() / len(mine)
    expected = torch.special.entr(share).sum() / torch.log(torch.tensor(float(K)))
    torch.testing.assert_close(parts["prototype_entropy"], expected, atol=1e-6, rtol=0)
