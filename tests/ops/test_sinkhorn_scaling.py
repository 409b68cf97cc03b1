"""The fast iterations are those of the log domain, up to the edge of their range."""

import pytest
import torch

from monai_ext.ops.sinkhorn_log import log_plan, log_potentials, log_potentials_until
from monai_ext.ops.sinkhorn_problem import sinkhorn_problem
from monai_ext.ops.sinkhorn_scaling import MAX_RANGE, WideShare, scaling_vectors


@pytest.fixture
def problem(rng):
    """Logits with two batch axes, a and b; one row and one column are masked."""
    logits = -20 * torch.rand(2, 3, 5, 4, generator=rng, dtype=torch.float64)
    a = torch.rand(2, 3, 5, generator=rng, dtype=torch.float64) + 0.1
    b = torch.rand(2, 3, 4, generator=rng, dtype=torch.float64) + 0.1
    a[..., 2], b[..., 1] = 0, 0
    return logits, a / a.sum(-1, keepdim=True), b / b.sum(-1, keepdim=True)


@pytest.mark.parametrize("n_iters", [1, 2, 40])
def test_every_iteration_equals_the_log_domains(problem, n_iters):
    logits, a, b = problem
    plan, u, v, done = scaling_vectors(logits, a, b, n_iters, None)
    log_u, log_v = log_potentials(logits, a, b, n_iters)
    assert done == n_iters
    torch.testing.assert_close(u, log_u.exp(), rtol=1e-10, atol=0)
    torch.testing.assert_close(v, log_v.exp(), rtol=1e-10, atol=0)
    torch.testing.assert_close(plan, log_plan(logits, a, log_v), rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("tol", [1e-2, 1e-3, 1e-4, 1e-5])
def test_both_stop_at_the_same_iteration(problem, tol):
    *_, done = scaling_vectors(*problem, 500, tol)
    *_, expected = log_potentials_until(*problem, 500, tol)
    assert done == expected < 500


def test_gradients_equal_the_log_domains(problem, rng):
    weight = torch.randn(2, 3, 5, 4, generator=rng, dtype=torch.float64)

    def logs(logits, a, b):
        return log_plan(logits, a, log_potentials(logits, a, b, 30)[1])

    grads = []
    for solve in (logs, lambda *parts: scaling_vectors(*parts, 30, None)[0]):
        leaves = [part.clone().requires_grad_() for part in problem]
        grads.append(torch.autograd.grad((solve(*leaves) * weight).sum(), leaves))
    real_a, real_b = problem[1] > 0, problem[2] > 0
    torch.testing.assert_close(grads[0][0], grads[1][0], rtol=1e-8, atol=1e-12)
    torch.testing.assert_close(grads[0][1][real_a], grads[1][1][real_a], rtol=1e-8, atol=1e-12)
    torch.testing.assert_close(grads[0][2][real_b], grads[1][2][real_b], rtol=1e-8, atol=1e-12)


@pytest.fixture
def edge():
    """Costs of 0 and ``MAX_RANGE``, and masses that must pass the far entries."""
    logits = -MAX_RANGE * (torch.ones(4, 4) - torch.eye(4))
    logits[0, 1] = 0.0
    return logits, torch.tensor([0.7, 0.1, 0.1, 0.1]), torch.tensor([0.1, 0.1, 0.1, 0.7])


@pytest.mark.parametrize("n_iters", [1, 100])
def test_float32_holds_at_the_edge_of_the_range(edge, n_iters):
    """Plan and gradients are those of the log domain in float64."""

    def logs(logits, a, b):
        return log_plan(logits, a, log_potentials(logits, a, b, n_iters)[1])

    def scaling(logits, a, b):
        plan, u, v, _ = scaling_vectors(logits, a, b, n_iters, None)
        assert (u > 0).all()
        assert (v > 0).all()
        return plan

    found = []
    for solve, dtype in ((scaling, torch.float32), (logs, torch.float64)):
        leaves = [part.to(dtype).requires_grad_() for part in edge]
        plan = solve(*leaves)
        grads = torch.autograd.grad(plan.square().sum(), leaves)
        found.append([x.double() for x in (plan, *grads)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_wide_costs_give_no_nan_gradient(rng):
    """Uneven masses, some of them zero, at costs up to the end of the range."""
    cost = torch.rand(40, 8, 6, generator=rng) ** 4
    a = torch.softmax(3 * torch.randn(40, 8, generator=rng), -1)
    b = torch.softmax(3 * torch.randn(40, 6, generator=rng), -1)
    a[:, 3], b[:, 2] = 0, 0
    leaves = [x.requires_grad_() for x in (cost, a, b)]
    shifted = sinkhorn_problem(*leaves, 1.0, None, None).logits
    problem = sinkhorn_problem(*leaves, float(-shifted.detach().min()) / MAX_RANGE, None, None)
    plan, *_ = scaling_vectors(*problem[:3], 60, None)
    assert float(problem.logits.detach().min()) == pytest.approx(-MAX_RANGE)
    for grad in torch.autograd.grad((plan * torch.arange(6)).sum(), leaves):
        assert grad.isfinite().all()


def test_wide_shares_have_exact_first_and_second_derivatives(rng):
    mass = torch.rand(2, 3, generator=rng, dtype=torch.float64).add(0.1).requires_grad_()
    reach = torch.rand(2, 3, generator=rng, dtype=torch.float64).add(0.1).requires_grad_()
    assert torch.equal(WideShare.apply(mass, reach), mass / reach)
    torch.autograd.gradcheck(WideShare.apply, (mass, reach))
    torch.autograd.gradgradcheck(WideShare.apply, (mass, reach))


def test_wide_shares_of_no_mass_have_no_gradient():
    """Where reach is as small as it may be, 1 / reach is larger than float32 holds."""
    mass = torch.tensor([0.0, 2.0], requires_grad=True)
    share = WideShare.apply(mass, torch.tensor([1e-30, 4.0]))
    (grad,) = torch.autograd.grad(share, mass, torch.tensor([1e20, 1.0]))
    assert grad.tolist() == [0.0, 0.25]


def test_nothing_lies_where_there_is_no_mass(problem):
    plan, u, v, _ = scaling_vectors(*problem, 10, None)
    assert u[..., 2].abs().sum() + v[..., 1].abs().sum() == 0
    assert plan[..., 2, :].abs().sum() + plan[..., 1].abs().sum() == 0
