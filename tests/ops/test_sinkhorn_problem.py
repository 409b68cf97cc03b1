"""Masks, marginals and shifts are resolved before any iteration."""

import pytest
import torch

from monai_ext.ops.sinkhorn_problem import sinkhorn_problem

A_MASK = torch.tensor([[1, 1, 0, 1, 1], [1, 1, 1, 1, 1]]).bool()
B_MASK = torch.tensor([[1, 0, 1], [1, 1, 1]]).bool()


@pytest.fixture
def cost(rng):
    """The last column is no row's cheapest, so that columns are shifted too."""
    columns = torch.tensor([0.0, 0.0, 30.0], dtype=torch.float64)
    return torch.randn(2, 5, 3, generator=rng, dtype=torch.float64) * 4 + columns


def test_every_real_row_and_column_keeps_a_zero_and_none_is_above(cost):
    problem = sinkhorn_problem(cost, None, None, 0.5, A_MASK, B_MASK)
    assert (problem.logits <= 0).all()
    assert torch.equal((problem.logits == 0).logical_and(problem.real).any(-1), A_MASK)
    assert torch.equal((problem.logits == 0).logical_and(problem.real).any(-2), B_MASK)
    assert torch.equal(problem.real, A_MASK[..., None] & B_MASK[:, None])


def test_logits_and_shifts_rebuild_the_cost(cost):
    problem = sinkhorn_problem(cost, None, None, 0.5, A_MASK, B_MASK)
    rebuilt = -0.5 * problem.logits + problem.row_shift[..., None] + problem.col_shift[:, None]
    torch.testing.assert_close(rebuilt[problem.real], cost[problem.real])


def test_offsets_of_rows_and_columns_change_no_logit(rng):
    """Whole numbers, so that nothing is rounded; the offset's digits would be lost in float32."""
    cost = torch.randint(0, 9, (4, 6), generator=rng).float()
    moved = cost + 2.0**23 * torch.arange(4)[:, None] / 4
    one, other = (sinkhorn_problem(c, None, None, 1.0, None, None) for c in (cost, moved))
    assert torch.equal(one.logits, other.logits)


def test_masked_costs_have_no_say_whatever_they_are(cost):
    bad = torch.tensor([float("nan"), float("inf"), -1e30], dtype=torch.float64)
    spoilt = torch.where(A_MASK[..., None] & B_MASK[:, None], cost, bad)
    one, other = (sinkhorn_problem(c, None, None, 0.5, A_MASK, B_MASK) for c in (cost, spoilt))
    for x, y in zip(one, other, strict=True):
        assert torch.equal(x, y)


def test_masses_are_uniform_over_what_is_real_or_as_given(cost):
    given = torch.tensor([0.5, 0.25, 9.0, 0.0, -3.0], dtype=torch.float64)
    problem = sinkhorn_problem(cost, given, None, 1.0, A_MASK, B_MASK)
    assert problem.a.tolist() == [[0.5, 0.25, 0, 0, 0], [0.5, 0.25, 9, 0, 0]]
    assert torch.equal(problem.real.any(-1), problem.a > 0)
    torch.testing.assert_close(
        problem.b, torch.tensor([[0.375, 0, 0.375], [3.25] * 3], dtype=torch.float64)
    )
    uniform = sinkhorn_problem(cost, None, None, 1.0, A_MASK, B_MASK)
    assert uniform.a.tolist() == [[0.25, 0.25, 0, 0.25, 0.25], [0.2] * 5]


@pytest.mark.parametrize("side", ["rows", "columns"])
def test_problem_without_a_real_side_becomes_uniform_and_all_masked(cost, side):
    dead = torch.tensor([[False], [True]])
    masks = (A_MASK & dead, B_MASK) if side == "rows" else (A_MASK, B_MASK & dead)
    mass = torch.arange(1.0, 6.0, dtype=torch.float64)
    problem = sinkhorn_problem(cost, mass, None, 1.0, *masks)
    assert not problem.real[0].any()
    assert problem.logits[0].abs().sum() == 0
    assert problem.a[0].tolist() == [0.2] * 5
    torch.testing.assert_close(problem.a.sum(-1), problem.b.sum(-1))
    torch.testing.assert_close(problem.a[1], mass)
    for value in problem:
        assert value.isfinite().all()


def test_gradient_of_the_cost_is_minus_one_over_epsilon_where_real_and_none_elsewhere(cost):
    """The shifts are constants: they change no plan, so they need no gradient."""
    cost.requires_grad_()
    sinkhorn_problem(cost, None, None, 0.25, A_MASK, B_MASK).logits.sum().backward()
    expected = torch.where(A_MASK[..., None] & B_MASK[:, None], -4.0, 0.0)
    assert torch.equal(cost.grad, expected.double())


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (torch.bfloat16, torch.float32),
        (torch.int64, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_numbers_are_float32_at_least(dtype, expected):
    problem = sinkhorn_problem(torch.ones(2, 3).to(dtype), torch.ones(2), None, 1.0, None, None)
    assert [value.dtype for value in problem[:5]] == [expected] * 5
