"""The adjoint of a plan, wherever the plan came from."""

import pytest
import torch

from monai_ext.ops.sinkhorn_implicit import ImplicitPlan
from monai_ext.ops.sinkhorn_log import log_plan, log_potentials

SHAPES = [(6, 3), (3, 6), (4, 4), (5, 1), (1, 5)]


def problem_of(shape, rng):
    n, m = shape
    logits = -4 * torch.rand(2, n, m, generator=rng, dtype=torch.float64)
    a = torch.rand(2, n, generator=rng, dtype=torch.float64) + 0.2
    b = torch.rand(2, m, generator=rng, dtype=torch.float64) + 0.2
    return logits, a / a.sum(-1, keepdim=True), b / b.sum(-1, keepdim=True)


def solved(logits, a, b):
    return log_plan(logits, a, log_potentials(logits, a, b, 400)[1])


def implicit(logits, a, b):
    with torch.no_grad():
        plan = solved(logits, a, b)
    return ImplicitPlan.apply(logits, a, b, plan)


def gradients(solve, parts, weight):
    leaves = [part.clone().requires_grad_() for part in parts]
    # one total for both marginals: only such a function has a gradient that is unique
    totals = [x / x.sum(-1, keepdim=True) for x in leaves[1:]]
    return torch.autograd.grad((solve(leaves[0], *totals) * weight).sum(), leaves)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_equals_that_of_unrolled_iterations_at_convergence(rng, shape):
    parts = problem_of(shape, rng)
    weight = torch.randn(2, *shape, generator=rng, dtype=torch.float64)
    for one, other in zip(
        gradients(implicit, parts, weight), gradients(solved, parts, weight), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("shape", [(4, 2), (2, 4)])
def test_gradient_equals_differences(rng, shape):
    def plan(logits, a, b):
        return implicit(logits, a / a.sum(-1, keepdim=True), b / b.sum(-1, keepdim=True))

    assert torch.autograd.gradcheck(
        plan, [part.requires_grad_() for part in problem_of(shape, rng)]
    )


def test_plan_passes_unchanged(rng):
    plan = torch.rand(2, 3, 4, generator=rng)
    logits = torch.zeros(2, 3, 4, requires_grad=True)
    assert torch.equal(ImplicitPlan.apply(logits, plan.sum(-1), plan.sum(-2), plan), plan)


def test_offsets_of_rows_and_columns_get_no_gradient(rng):
    """They change no plan, so the gradient of the logits sums to 0 over each row and column."""
    logits, a, b = problem_of((6, 3), rng)
    weight = torch.randn(2, 6, 3, generator=rng, dtype=torch.float64)
    grad = gradients(implicit, (logits, a, b), weight)[0]
    assert grad.abs().max() > 1e-3
    torch.testing.assert_close(grad.sum(-1), torch.zeros_like(a), rtol=0, atol=1e-10)
    torch.testing.assert_close(grad.sum(-2), torch.zeros_like(b), rtol=0, atol=1e-10)


@pytest.mark.parametrize("is_wide", [False, True])
def test_empty_rows_and_columns_get_no_gradient_and_do_not_disturb(rng, is_wide):
    plan = torch.rand(4, 3, generator=rng, dtype=torch.float64)
    weight = torch.randn(4, 3, generator=rng, dtype=torch.float64)
    padded, padded_weight = torch.zeros(6, 5).double(), torch.full((6, 5), 7.0).double()
    rows, cols = torch.tensor([0, 2, 3, 5]), torch.tensor([1, 2, 4])
    padded[rows[:, None], cols], padded_weight[rows[:, None], cols] = plan, weight

    def grads(plan, weight):
        plan, weight = (plan.mT, weight.mT) if is_wide else (plan, weight)
        leaves = [x.requires_grad_() for x in (plan.clone(), plan.sum(-1), plan.sum(-2))]
        out = (ImplicitPlan.apply(*leaves, plan) * weight).sum()
        found = torch.autograd.grad(out, leaves)
        return (found[0].mT, found[2], found[1]) if is_wide else found

    small, large = grads(plan, weight), grads(padded, padded_weight)
    torch.testing.assert_close(large[0][rows[:, None], cols], small[0])
    assert large[0].count_nonzero() == small[0].numel()
    gap = large[1][rows] - small[1]  # one constant may go from b to a
    torch.testing.assert_close(gap, gap[:1].expand(4))
    torch.testing.assert_close(large[2][cols] - small[2], -gap[:3])
    assert all(value.isfinite().all() for value in large)


def test_plans_that_share_nothing_between_blocks_give_finite_gradients():
    """Two separate blocks: the system is singular twice."""
    plan = torch.block_diag(torch.full((2, 2), 0.125), torch.full((2, 2), 0.125))
    leaves = [x.requires_grad_() for x in (plan.clone(), plan.sum(-1), plan.sum(-2))]
    out = ImplicitPlan.apply(*leaves, plan)
    for grad in torch.autograd.grad(out.square().sum(), leaves):
        assert grad.isfinite().all()
        assert grad.abs().max() < 10


def test_float32_loses_no_digits_in_the_solve(rng):
    logits, a, b = problem_of((40, 30), rng)
    plan = solved(5 * logits, a, b)
    weight = torch.randn(2, 40, 30, generator=rng, dtype=torch.float64)
    found = []
    for dtype in (torch.float32, torch.float64):
        leaf = logits.to(dtype).requires_grad_()
        given = [x.to(dtype) for x in (a, b, plan)]
        out = ImplicitPlan.apply(leaf, *given)
        found.append(torch.autograd.grad((out * weight.to(dtype)).sum(), leaf)[0].double())
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-8)


def test_second_derivative_is_refused(rng):
    parts = [part.requires_grad_() for part in problem_of((3, 2), rng)]
    (grad,) = torch.autograd.grad(implicit(*parts).square().sum(), parts[0], create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        grad.sum().backward()
