"""What only the log domain promises: any size of cost, and no gradient where nothing is."""

import math

import pytest
import torch

from monai_ext.ops.sinkhorn_log import (
    CHECK_EVERY,
    log_mass,
    log_plan,
    log_potentials,
    log_potentials_until,
    log_start,
)


@pytest.fixture
def problem(rng):
    """Logits, a and b; the first is done early, and the second row is masked."""
    logits = -6 * torch.rand(2, 5, 4, generator=rng, dtype=torch.float64)
    logits[0] /= 10
    a = torch.rand(2, 5, generator=rng, dtype=torch.float64) + 0.1
    a[:, 1] = 0
    b = torch.rand(2, 4, generator=rng, dtype=torch.float64) + 0.1
    return logits, a / a.sum(-1, keepdim=True), b / b.sum(-1, keepdim=True)


def test_potentials_and_last_row_update_give_one_plan(problem):
    logits, a, b = problem
    u, v = log_potentials(logits, a, b, 300)
    plan = (u[..., None] + logits + v[:, None]).exp()
    torch.testing.assert_close(log_plan(logits, a, v), plan)
    torch.testing.assert_close(plan.sum(-1), a)
    torch.testing.assert_close(plan.sum(-2), b)
    assert (u[:, 1] == -math.inf).all()


def test_one_iteration_is_columns_then_rows(problem):
    """Against the plain formula, which may use exp here."""
    logits, a, b = problem
    kernel = logits.exp()
    u = (a > 0).double()
    v = b / (kernel.mT @ u[..., None])[..., 0]
    u = a / (kernel @ v[..., None])[..., 0]
    found_u, found_v = log_potentials(logits, a, b, 1)
    torch.testing.assert_close(found_v, v.log())
    torch.testing.assert_close(found_u, u.log())


@pytest.mark.parametrize("scale", [1e3, 1e6])
def test_costs_that_would_vanish_as_numbers_keep_their_rows(rng, scale):
    """exp(-1000) is 0 in float32; the plan still fills every row."""
    logits = -scale * torch.rand(3, 6, 6, generator=rng)
    a = b = torch.full((3, 6), 1 / 6)
    _, v = log_potentials(logits, a, b, 50)
    plan = log_plan(logits, a, v)
    assert logits.exp().sum(-1).min() < 1e-30
    torch.testing.assert_close(plan.sum(-1), a)


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-6, 1e-8])
def test_stop_is_at_the_first_look_that_is_good_enough(problem, tol):
    logits, a, b = problem
    u, v, done = log_potentials_until(logits, a, b, 500, tol)
    assert 0 < done < 500
    assert done % CHECK_EVERY == 0
    for found, fixed in zip((u, v), log_potentials(logits, a, b, done), strict=True):
        assert torch.equal(found, fixed)

    def error(iterations):
        _, v = log_potentials(logits, a, b, iterations)
        return float((log_plan(logits, a, v).sum(-2) - b).abs().sum(-1).max())

    assert error(done) <= tol
    assert done == CHECK_EVERY or error(done - CHECK_EVERY) > tol


def test_without_a_good_end_all_iterations_are_done(problem):
    u, v, done = log_potentials_until(*problem, 7, 0.0)
    assert done == 7
    for found, fixed in zip((u, v), log_potentials(*problem, 7), strict=True):
        assert torch.equal(found, fixed)


def test_log_of_a_mass_has_no_gradient_where_there_is_none():
    mass = torch.tensor([0.5, 0.0, 2.0], requires_grad=True)
    found = log_mass(mass)
    found[torch.isfinite(found)].sum().backward()
    torch.testing.assert_close(
        found.detach(), torch.tensor([math.log(0.5), -math.inf, math.log(2)])
    )
    assert mass.grad is not None
    assert mass.grad.tolist() == [2.0, 0.0, 0.5]


def test_start_is_zero_where_there_is_mass():
    assert log_start(torch.tensor([-3.0, -math.inf, 4.0])).tolist() == [0.0, -math.inf, 0.0]
