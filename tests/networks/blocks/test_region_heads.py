import pytest
import torch

from monai_ext.networks.blocks.region_heads import REGION_HEADS, build_region_head

MASK = torch.tensor([[True] * 5, [True, False, True, True, False], [False] * 5])


def build(name):
    torch.manual_seed(0)  # noqa: TID251
    return build_region_head(name, 4, 3, 6, 0.0).double()


@pytest.fixture
def x(rng):
    return torch.randn(3, 5, 4, generator=rng, dtype=torch.float64)


def test_log_sum_exp_head_equals_its_definition(x):
    head = build("lse")
    logits, attention = head(x, MASK)
    weight, bias = head.classifier.weight, head.classifier.bias
    for b in (0, 1):
        scores = x[b, MASK[b]] @ weight.T
        expected = (scores.exp().mean(0)).log() + bias
        torch.testing.assert_close(logits[b], expected)
        share = scores[:, expected.argmax()].softmax(0)
        torch.testing.assert_close(attention[b, MASK[b]], share)
    torch.testing.assert_close(logits[2], bias)
    assert attention[2].abs().sum() == 0


def test_one_strong_region_decides_for_the_log_sum_exp():
    head, x = build("lse"), torch.zeros(1, 5, 4, dtype=torch.float64)
    x[0, 3] = 60 * head.classifier.weight[1].detach()
    logits, attention = head(x, MASK[:1])
    assert logits[0].argmax() == 1
    assert attention[0].argmax() == 3


@pytest.mark.parametrize("name", REGION_HEADS)
def test_masked_regions_may_hold_anything(x, name):
    head = build(name)
    expected = head(x, MASK)
    found = head(x.masked_fill(~MASK.unsqueeze(2), 9.0), MASK)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("name", REGION_HEADS)
def test_gradient_in_closed_form_equals_autograd(x, name, rng):
    head, x = build(name), x.requires_grad_()
    share = torch.rand(3, 3, generator=rng, dtype=torch.float64)
    logits, attention = head(x, MASK)
    (expected,) = torch.autograd.grad((share * logits).sum(), x)
    with torch.no_grad():
        found = head.input_gradient(x, MASK, attention, share)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name", REGION_HEADS)
def test_scores_of_any_size_stay_finite(x, name):
    head, x = build(name), (1e4 * x).requires_grad_()
    logits, _ = head(x, MASK)
    logits.sum().backward()
    assert bool(torch.isfinite(logits).all())
    assert bool(torch.isfinite(x.grad).all())


def test_other_names_are_refused():
    with pytest.raises(ValueError, match="region_head=mean is unknown: use attention or lse"):
        build_region_head("mean", 4, 3, 6, 0.0)
