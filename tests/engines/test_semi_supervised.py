"""One loss for four ways of training: equations, switches, and what may not enter."""

import copy
import math

import pytest
import torch
from torch.nn import functional as F

from monai_ext.engines.prototype_setup import build_prototype_objective
from monai_ext.engines.semi_supervised import ConsistencySettings, SemiSupervised
from monai_ext.errors import SettingError
from monai_ext.losses.pixel_cross_entropy import PixelCrossEntropy
from monai_ext.networks.encoders import build_pixel_encoder
from monai_ext.networks.nets.transuni import TransUNi
from monai_ext.ops.cutmix import paste_partner
from monai_ext.ops.trusted_pixels import trusted_pixels

B, U, C, SIDE, D = 2, 3, 3, 32, 6
TINY = {"preset": "tiny"}


def network(norm: str = "group") -> TransUNi:
    torch.manual_seed(0)  # noqa: TID251
    encoder = build_pixel_encoder("uni_v1", options=TINY, trained="all")
    net = TransUNi(encoder, C, decoder_channels=(16, 8, 8, 8, 8), norm=norm, embed_dim=D)
    torch.nn.init.normal_(net.head.weight, std=3.0)  # some predictions are confident
    return net.train()


@pytest.fixture
def batch(rng):
    names = ("image", "weak", "strong_1", "strong_2")
    found = {
        k: 255 * torch.rand(B if k == "image" else U, 3, SIDE, SIDE, generator=rng) for k in names
    }
    found["outside"] = torch.zeros(U, 1, SIDE, SIDE)
    found["outside"][1, :, :9] = 255
    return found


@pytest.fixture
def labels(rng):
    found = torch.randint(C, (B, 1, SIDE, SIDE), generator=rng)
    found[0, 0, :4] = 255
    return found


NUMBERS = ("tau", "prototype_view", "cutmix_prob", "feature_dropout", "strong_statistics")
NUMBERS += ("balance_trust", "ramp_steps")


def objective(ssl, *, text=None, proto=None, **given) -> SemiSupervised:
    numbers = {
        "tau": 0.6,
        **{k: given.pop(k) for k in NUMBERS if k in given},
    }
    proto = build_prototype_objective(C, D, text=text, per_class=2, **(proto or {}))
    return SemiSupervised(
        C,
        ssl=ssl,
        loss=PixelCrossEntropy(),
        consistency=ConsistencySettings(**numbers),
        prototypes=proto,
        **given,
    )


def loss_of(objective, net, batch, labels, seed=5):
    torch.manual_seed(seed)  # noqa: TID251
    return objective(net, batch, labels)


def test_without_prototypes_the_loss_is_unimatchs_bit_by_bit(batch, labels):
    net = network()
    plain = loss_of(objective("unimatch"), net, batch, labels)
    off = loss_of(objective("mpamatch", alpha=0.0), net, batch, labels)
    assert torch.equal(plain, off)
    assert loss_of(objective("mpamatch"), net, batch, labels) != plain


def by_hand(net, batch, labels, tau, boxes, perturbed, views):
    """UniMatch's published weights, written again: (x + s1 / 4 + s2 / 4 + fp / 2) / 2."""
    x = F.cross_entropy(net(batch["image"]), labels[:, 0], ignore_index=255)
    chance, pseudo = net(batch["weak"]).softmax(1).max(1)
    pseudo[batch["outside"][:, 0] == 255] = 255

    def term(logits, target, sure):
        each = F.cross_entropy(logits, target, ignore_index=255, reduction="none")
        return (each * (sure >= tau)).sum() / (target != 255).sum()

    strong = []
    for k in range(views):
        mixed = paste_partner(batch[f"strong_{k + 1}"], boxes[k])
        target, sure = paste_partner(pseudo, boxes[k]), paste_partner(chance, boxes[k])
        strong.append(term(net(mixed), target, sure))
    if perturbed is None:
        return (x + strong[0]) / 2
    return (x + sum(strong) / 4 + term(perturbed, pseudo, chance) / 2) / 2


def test_unimatch_and_fixmatch_are_their_published_losses(batch, labels):
    net = network()
    for ssl, views in (("unimatch", 2), ("fixmatch", 1)):
        made = objective(ssl, cutmix_prob=1.0)
        torch.manual_seed(1)  # noqa: TID251
        terms = made.terms(net, batch)
        rest = terms.unlabelled
        assert len(rest.boxes) == views
        assert all(box.any() for box in rest.boxes)
        expected = by_hand(net, batch, labels, 0.6, rest.boxes, rest.perturbed, views)
        torch.testing.assert_close(made.combine(terms, labels), expected, rtol=2e-3, atol=1e-4)
        assert made.parts["unlabelled"] > 0.01


def test_running_statistics_are_of_plain_views_unless_asked(batch, labels):
    nets = {key: network("batch") for key in ("plain", "still", "moved")}
    losses = {
        key: loss_of(
            objective("fixmatch", cutmix_prob=0.0, strong_statistics=key == "moved"),
            nets[key],
            batch,
            labels,
        )
        for key in ("still", "moved")
    }
    nets["plain"](torch.cat([batch["image"], batch["weak"]]))
    seen = {key: dict(net.named_buffers()) for key, net in nets.items()}
    name = next(n for n in seen["plain"] if n.endswith("running_mean"))
    assert torch.equal(losses["still"], losses["moved"]), "the step's own loss is the same"
    torch.testing.assert_close(seen["still"][name], seen["plain"][name])
    assert (seen["moved"][name] - seen["plain"][name]).abs().max() > 1e-3


def test_trusted_pixels_may_have_the_shares_of_the_predicted(batch, labels):
    net, made = network(), objective("fixmatch", tau=0.8, balance_trust=True, cutmix_prob=0.0)
    made.combine(made.terms(net, batch), labels)
    confidence, pseudo = net(batch["weak"]).softmax(1).max(1)
    pseudo[batch["outside"][:, 0] == 255] = 255
    trusted = trusted_pixels(confidence, pseudo, 0.8, C)
    assert made.parts["confident"] == trusted.double().mean()
    each = F.cross_entropy(net(batch["strong_1"]), pseudo, ignore_index=255, reduction="none")
    expected = 2 * (each * trusted).sum() / (pseudo != 255).sum()
    torch.testing.assert_close(made.parts["unlabelled"], expected, rtol=2e-3, atol=1e-4)
    plain = objective("fixmatch", tau=0.8, cutmix_prob=0.0)
    plain.combine(plain.terms(net, batch), labels)
    assert (plain.parts["unlabelled"] - expected).abs() > 0.01


def test_weights_of_unlabelled_images_and_prototypes_grow(batch, labels):
    net, made = network(), objective("mpamatch", ramp_steps=4)
    assert "steps" not in objective("mpamatch").state_dict()
    for step in range(1, 7):
        total, parts = loss_of(made, net, batch, labels), made.parts
        ramp = math.exp(-5 * (1 - min(step / 4, 1)) ** 2)
        rest = 0.25 * parts["unlabelled"] + 0.25 * parts["prototypes"]
        torch.testing.assert_close(total, 0.5 * parts["supervised"] + ramp * rest)
    made.eval()(net, batch, labels)
    assert made.steps == 6, "only training counts"
    with pytest.raises(ValueError, match="ramp_steps=-1 must be 0"):
        ConsistencySettings(ramp_steps=-1)


def test_prototypes_meet_pixels_of_the_view_that_is_asked_for(batch, labels):
    net, found = network(), {}
    for view in ("weak", "strong"):
        made = objective("mpamatch", prototype_view=view, cutmix_prob=1.0)
        torch.manual_seed(1)  # noqa: TID251
        terms = made.terms(net, batch)
        made.combine(terms, labels)
        seen = [terms.unlabelled.weak.inner, *(each.inner for each in terms.unlabelled.strong)]
        grads = torch.autograd.grad(made.parts["prototypes"], seen, allow_unused=True)
        found[view] = [k for k, grad in enumerate(grads) if grad is not None and grad.any()]
    chance = terms.unlabelled.taught.softmax(1).amax(1)
    known = (chance >= 0.6) & (batch["outside"][:, 0] != 255)
    known = paste_partner(known, terms.unlabelled.boxes[0])
    touched = grads[1].abs().sum(1) > 0
    at = F.interpolate(known[:, None].float(), touched.shape[1:], mode="nearest-exact")
    assert not (touched & (at[:, 0] == 0)).any(), "pixels move with the box that is pasted"
    assert touched.any()
    assert found == {"weak": [0], "strong": [1]}
    with pytest.raises(ValueError, match="prototype_view=side is unknown: use weak or strong"):
        ConsistencySettings(prototype_view="side")


def test_the_trusted_pixels_of_the_rarest_class_are_counted(batch, labels):
    net, made = network(), objective("fixmatch", tau=0.8, cutmix_prob=0.0)
    made.combine(made.terms(net, batch), labels)
    chance, pseudo = net(batch["weak"]).softmax(1).max(1)
    trusted = (chance >= 0.8) & (batch["outside"][:, 0] != 255)
    counts = [(trusted & (pseudo == c)).double().mean().item() for c in range(C)]
    assert min(counts) < max(counts)
    assert made.parts["confident_least"].item() == pytest.approx(min(counts), abs=1e-3)
    assert made.parts["confident"].item() == pytest.approx(sum(counts), abs=1e-3)


def test_feature_perturbation_drops_channels_of_the_weak_images_alone(batch):
    net = network()
    terms = objective("unimatch").terms(net, batch)
    near = {"rtol": 1e-3, "atol": 1e-2}  # a convolution rounds by the size of its batch
    torch.testing.assert_close(terms.unlabelled.weak.logits, net(batch["weak"]), **near)
    torch.testing.assert_close(terms.labelled.logits, net(batch["image"]), **near)
    assert (terms.unlabelled.perturbed - net(batch["weak"])).abs().max() > 1
    same = objective("unimatch", feature_dropout=0.0).terms(net, batch).unlabelled
    torch.testing.assert_close(same.perturbed, same.weak.logits, **near)


def test_supervised_training_is_the_labelled_loss_alone(batch, labels):
    net = network()
    found = loss_of(objective("supervised"), net, {"image": batch["image"]}, labels)
    torch.testing.assert_close(found, 0.5 * PixelCrossEntropy()(net(batch["image"]), labels))


def test_nothing_is_confident_above_one_and_prototypes_get_labelled_pixels_only(batch, labels):
    net, made = network(), objective("mpamatch", tau=1.01)
    loss_of(made, net, batch, labels)
    assert made.parts["unlabelled"] == 0
    assert made.parts["confident"] == 0
    first, loss = made.prototypes.bank.vectors.clone(), made.parts["prototypes"]
    other = {**batch, "weak": batch["weak"].flip(-1) * 0.5}
    again = objective("mpamatch", tau=1.01)
    loss_of(again, net, other, labels)
    assert torch.equal(again.prototypes.bank.vectors, first)
    assert torch.equal(again.parts["prototypes"], loss)


def test_the_pseudo_label_carries_no_gradient(batch, labels):
    """Without perturbation the weak view is only a teacher: its pixels do not move the loss."""
    net = network()
    assert not objective("fixmatch").terms(net, batch).unlabelled.taught.requires_grad
    batch["weak"].requires_grad_()
    loss_of(objective("fixmatch"), net, batch, labels).backward()
    assert batch["weak"].grad is None or batch["weak"].grad.abs().max() == 0
    batch["strong_1"].requires_grad_()
    loss_of(objective("fixmatch"), net, batch, labels).backward()
    assert batch["strong_1"].grad.abs().max() > 0


def test_pixels_beyond_the_image_are_no_pseudo_labels(batch, labels):
    net, made = network(), objective("unimatch", cutmix_prob=0.0)
    batch["outside"][:] = 255
    loss_of(made, net, batch, labels)
    assert made.parts["unlabelled"] == 0
    assert made.parts["confident"] == 0


def test_the_teacher_makes_the_pseudo_labels_and_learns_nothing(batch, labels):
    net = network()
    teacher = copy.deepcopy(net)
    torch.nn.init.normal_(teacher.head.bias, std=9.0)
    plain = loss_of(objective("unimatch"), net, batch, labels)
    made = objective("unimatch", teacher=teacher)
    taught = loss_of(made, net, batch, labels)
    assert taught != plain
    taught.backward()
    assert all(p.grad is None for p in teacher.parameters())
    assert not teacher.training
    assert not made.state_dict()


def test_a_lone_image_is_not_mixed(batch):
    lone = {k: v[:1] for k, v in batch.items()}
    terms = objective("unimatch", cutmix_prob=1.0).terms(network(), lone)
    assert not torch.cat(terms.unlabelled.boxes).any()


def test_unknown_ways_are_refused():
    with pytest.raises(ValueError, match="ssl=mixmatch is unknown"):
        objective("mixmatch")
    with pytest.raises(ValueError, match="needs prototypes"):
        SemiSupervised(C, ssl="mpamatch", loss=PixelCrossEntropy())
    with pytest.raises(SettingError, match="neither prototypes nor terms"):
        build_prototype_objective(C, D, text=None, use_img_proto="false")
    with pytest.raises(SettingError, match="neither prototypes nor terms"):
        build_prototype_objective(C, D, text=None, use_pal=False, use_pcl=False)


def test_training_lowers_the_loss_and_gradients_reach_all_that_is_open(batch, labels):
    net, made = network(), objective("mpamatch")
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3)
    losses = []
    for step in range(12):
        loss = loss_of(made, net, batch, labels, seed=step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-3:]) < 0.9 * sum(losses[:3])
    missing = {name for name, p in net.named_parameters() if p.grad is None}
    assert missing <= {"encoder.network.norm.weight"}


def test_several_processes_are_refused(batch):
    class Parallel(torch.nn.parallel.DistributedDataParallel):
        def __init__(self):
            torch.nn.Module.__init__(self)

    with pytest.raises(SettingError, match="multi_gpu_train"):
        objective("unimatch").terms(Parallel(), batch)
