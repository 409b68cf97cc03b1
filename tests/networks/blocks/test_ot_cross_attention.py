import pytest
import torch

from monai_ext.networks.blocks.ot_cross_attention import (
    MATCHINGS,
    MatchingSettings,
    OTCrossAttention,
)

M, D = 6, 5
SETTINGS = MatchingSettings(dim=D, epsilon=0.1, n_iters=200)
GUIDE = torch.tensor([[[True] * 6], [[True, True, False, True, True, False]], [[False] * 6]])
COARSE = torch.tensor(
    [[[True] * 6, [True] * 5 + [False]], [[True] * 6, [False] * 6], [[True] * 6] * 2]
)


@pytest.fixture
def pair(rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)  # noqa: TID251
    guide = torch.randn(3, 1, M, D, generator=rng) * GUIDE.unsqueeze(-1)
    return guide, torch.randn(3, 2, M, D, generator=rng) * COARSE.unsqueeze(-1)


@pytest.mark.parametrize("matching", MATCHINGS.names)
def test_every_real_row_holds_the_same_mass(pair, matching):
    plan = MATCHINGS[matching](SETTINGS)(*pair, GUIDE, COARSE)
    both = GUIDE & COARSE.any(-1, keepdim=True)
    if matching == "none":
        both = GUIDE & COARSE
    share = both.float() / both.sum(-1, keepdim=True).clamp_min(1)
    torch.testing.assert_close(plan.sum(-1), share)
    assert (plan * ~COARSE.unsqueeze(-2)).abs().sum() == 0


def test_attention_plans_equal_their_definitions(pair):
    guide, coarse = (x[0] for x in pair)
    real = COARSE[0].unsqueeze(-2)
    cosine = torch.cosine_similarity(guide.unsqueeze(-2), coarse.unsqueeze(-3), dim=-1)
    expected = (cosine / SETTINGS.epsilon).masked_fill(~real, -torch.inf).softmax(-1) / M
    found = MATCHINGS["similarity"](SETTINGS)(*pair, GUIDE, COARSE)[0]
    torch.testing.assert_close(found, expected)
    module = MATCHINGS["self_attn"](SETTINGS)
    scores = module.query(guide) @ module.key(coarse).mT / D**0.5
    expected = scores.masked_fill(~real, -torch.inf).softmax(-1) / M
    torch.testing.assert_close(module(*pair, GUIDE, COARSE)[0], expected)


def test_only_transport_fixes_the_columns(pair):
    share = COARSE[0] / COARSE[0].sum(-1, keepdim=True)
    for matching, exact in (("ot", True), ("similarity", False), ("self_attn", False)):
        plan = MATCHINGS[matching](SETTINGS)(*pair, GUIDE, COARSE)
        assert bool((plan[0].sum(-2) - share).abs().max() < 1e-4) == exact


@pytest.mark.parametrize("matching", ["ot", "similarity", "self_attn"])
def test_plan_follows_prototypes_when_regions_are_renumbered(pair, rng, matching):
    order = torch.randperm(M, generator=rng)
    module = MATCHINGS[matching](SETTINGS)
    plan = module(*pair, GUIDE, COARSE)
    turned = module(pair[0], pair[1][:, :, order], GUIDE, COARSE[..., order])
    torch.testing.assert_close(turned, plan[..., order], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("matching", ["ot", "similarity", "self_attn"])
def test_gradient_of_the_plan_reaches_both_sides(pair, matching):
    guide, coarse = (x.requires_grad_() for x in pair)
    MATCHINGS[matching](SETTINGS)(guide, coarse, GUIDE, COARSE).square().sum().backward()
    for x in (guide, coarse):
        assert x.grad is not None
        assert x.grad.isfinite().all()
        assert x.grad[0].abs().max() > 1e-5


@pytest.mark.parametrize("combine", ["literal", "barycentric", "transported"])
def test_bag_without_guide_keeps_its_coarse_prototypes(pair, combine):
    block = OTCrossAttention("ot", SETTINGS, combine)
    updated, mask, _ = block(*pair, torch.rand(3, 1, M), GUIDE, COARSE)
    assert torch.equal(updated[2], pair[1][2])
    assert torch.equal(mask[2], COARSE[2])
    assert not torch.equal(updated[0], pair[1][0])


def test_mask_is_in_the_frame_of_the_combination(pair):
    weights = torch.ones(3, 1, M)
    for combine, expected in (("literal", COARSE), ("transported", COARSE), ("barycentric", None)):
        _, mask, _ = OTCrossAttention("ot", SETTINGS, combine)(*pair, weights, GUIDE, COARSE)
        if expected is None:
            assert torch.equal(mask[1], torch.stack([GUIDE[1, 0], torch.zeros(M).bool()]))
        else:
            assert torch.equal(mask, expected)


@pytest.mark.parametrize("matching", MATCHINGS.names)
def test_matchings_script_to_the_same_plan(pair, matching):
    module = MATCHINGS[matching](SETTINGS)
    scripted = torch.jit.script(module)
    torch.testing.assert_close(scripted(*pair, GUIDE, COARSE), module(*pair, GUIDE, COARSE))


def test_unknown_matching_is_refused():
    with pytest.raises(ValueError, match="matching=nearest is unknown: use ot, self_attn"):
        OTCrossAttention("nearest", SETTINGS)
