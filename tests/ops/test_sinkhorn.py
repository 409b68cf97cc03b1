"""Plans and gradients against POT, and the laws that a plan obeys."""

import ot
import pytest
import torch

from monai_ext.ops.sinkhorn import sinkhorn, sinkhorn_fixed

WAYS = [(g, d) for g in ("unroll", "implicit") for d in ("log", "scaling")]


@pytest.fixture
def problem(rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Cost, a and b of three 5 x 4 problems."""
    cost = torch.rand(3, 5, 4, generator=rng, dtype=torch.float64)
    a = torch.rand(3, 5, generator=rng, dtype=torch.float64) + 0.2
    b = torch.rand(3, 4, generator=rng, dtype=torch.float64) + 0.2
    return cost, a / a.sum(1, keepdim=True), b / b.sum(1, keepdim=True)


def plan_and_gradients(solve, cost, a, b, weight):
    leaves = [x.clone().requires_grad_() for x in (cost, a, b)]
    # marginals that keep their total, so that both implementations differentiate one function
    plan = solve(leaves[0], *(x / x.sum(-1, keepdim=True) for x in leaves[1:]))
    return [plan, *torch.autograd.grad((plan * weight).sum(), leaves)]


def pot_batch(cost, a, b):
    return ot.batch.solve_batch(
        cost, 0.1, a, b, max_iter=2000, tol=1e-13, method="log_sinkhorn", grad="autodiff"
    ).plan


def pot_loop(cost, a, b):
    return torch.stack(
        [
            ot.bregman.sinkhorn_log(p, q, c, 0.1, numItermax=2000, stopThr=1e-13)
            for c, p, q in zip(cost, a, b, strict=True)
        ]
    )


@pytest.mark.parametrize("peer", [pot_batch, pot_loop])
@pytest.mark.parametrize(("grad", "domain"), WAYS)
def test_plan_and_gradients_equal_pot(problem, rng, peer, grad, domain):
    def ours(cost, a, b):
        return sinkhorn(
            cost, a, b, epsilon=0.1, n_iters=2000, tol=1e-14, grad=grad, domain=domain
        ).plan

    weight = torch.randn(3, 5, 4, generator=rng, dtype=torch.float64)
    found = plan_and_gradients(ours, *problem, weight)
    expected = plan_and_gradients(peer, *problem, weight)
    for x, y in zip(found, expected, strict=True):
        torch.testing.assert_close(x, y, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("grad", "domain"), WAYS)
def test_gradients_are_exact(problem, grad, domain, masked, turned):
    cost, a, b = problem
    a_mask = torch.tensor([[1, 1, 0, 1, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]]).bool()
    b_mask = torch.tensor([[1, 1, 0, 1], [0, 1, 1, 1], [1, 1, 1, 1]]).bool()
    if turned:
        cost, a, b, a_mask, b_mask = cost.mT.contiguous(), b, a, b_mask, a_mask
    masks = {"a_mask": a_mask, "b_mask": b_mask} if masked else {}

    def plan(cost, a, b):
        return sinkhorn(cost, a, b, epsilon=0.5, n_iters=50, grad=grad, domain=domain, **masks)[0]

    leaves = tuple(x.clone().requires_grad_() for x in (cost, a, b))
    assert torch.autograd.gradcheck(plan, leaves, atol=1e-6)


@pytest.mark.parametrize("domain", ["log", "scaling"])
def test_unrolled_potentials_have_exact_gradients(problem, domain):
    def potentials(cost, a, b):
        mask = torch.tensor([True, True, False, True])
        out = sinkhorn(cost, a, b, epsilon=0.3, n_iters=50, b_mask=mask, domain=domain)
        return out.f, out.g

    assert torch.autograd.gradcheck(potentials, tuple(x.clone().requires_grad_() for x in problem))


@pytest.mark.parametrize("domain", ["log", "scaling"])
def test_masked_plan_equals_the_plan_of_the_real_part(problem, domain):
    cost, a, b = problem
    a_mask = torch.tensor([True, False, True, True, False])
    b_mask = torch.tensor([True, True, False, True])
    cost = cost.masked_fill(~a_mask[:, None], 1e9).masked_fill(~b_mask, float("nan"))
    settings = {"epsilon": 0.1, "n_iters": 100, "domain": domain}
    for p, q in ((a, b), (None, None)):
        out = sinkhorn(cost, p, q, a_mask=a_mask, b_mask=b_mask, **settings)
        part = [None if x is None else x[:, m] for x, m in ((p, a_mask), (q, b_mask))]
        small = sinkhorn(cost[:, a_mask][:, :, b_mask], *part, **settings)
        torch.testing.assert_close(out.plan[:, a_mask][:, :, b_mask], small.plan)
        torch.testing.assert_close(out.f[:, a_mask], small.f)
        torch.testing.assert_close(out.error, small.error)
        assert out.plan[:, ~a_mask].abs().sum() == 0
        assert out.plan[:, :, ~b_mask].abs().sum() == 0


@pytest.mark.parametrize(("grad", "domain"), WAYS)
def test_problem_without_real_rows_has_zero_plan_and_gradient(problem, grad, domain):
    cost = problem[0].clone().requires_grad_()
    a_mask = torch.tensor([[False] * 5, [True] * 5, [True] * 5])
    out = sinkhorn(cost, epsilon=0.1, n_iters=100, a_mask=a_mask, grad=grad, domain=domain)
    (out.plan**2).sum().backward()
    assert cost.grad is not None
    assert out.plan[0].abs().sum() == 0
    assert out.error[0] == 0
    assert cost.grad[0].abs().sum() == 0
    assert cost.grad[1:].isfinite().all()
    assert cost.grad[1:].abs().sum() > 0


@pytest.mark.parametrize("domain", ["log", "scaling"])
def test_masses_that_are_not_positive_are_masked(problem, domain):
    cost, a, b = problem
    a = a * torch.tensor([1.0, 0, 1, -1, 1])
    out = sinkhorn(cost, a, b, epsilon=0.1, n_iters=100, domain=domain)
    mask = torch.tensor([True, False, True, False, True])
    masked = sinkhorn(cost, a, b, epsilon=0.1, n_iters=100, a_mask=mask, domain=domain)
    for x, y in zip(out, masked, strict=True):
        torch.testing.assert_close(x, y)
    assert out.f[:, 3].tolist() == [0.0] * 3


def test_gradient_of_masses_is_finite_where_they_are_zero(problem):
    cost, a, b = problem
    a = a * torch.tensor([1.0, 0, 1, 1, 1])
    a.requires_grad_()
    out = sinkhorn(cost, a, b, epsilon=0.1, n_iters=100)
    (grad,) = torch.autograd.grad(out.plan.square().sum(), a)
    torch.testing.assert_close(out.plan.sum(2), a)
    torch.testing.assert_close(out.plan.sum(1).sum(1), a.sum(1))
    assert grad.isfinite().all()


def test_potentials_rebuild_the_plan(problem):
    cost, a, b = problem
    for domain in ("log", "scaling"):
        out = sinkhorn(cost + 7, a, b, epsilon=0.1, n_iters=100, domain=domain)
        rebuilt = torch.exp((out.f[:, :, None] + out.g[:, None] - cost - 7) / 0.1)
        torch.testing.assert_close(rebuilt, out.plan)


@pytest.mark.parametrize(("scale", "epsilon"), [(20.0, 0.01), (1.0, 0.01), (20.0, 1.0)])
def test_marginals_hold_for_large_costs_and_small_epsilon(rng, scale, epsilon):
    x, y = torch.randn(2, 4, 30, 8, generator=rng)
    cost = torch.cdist(x, y)
    cost = scale * cost / cost.amax((1, 2), keepdim=True)
    out = sinkhorn(cost, epsilon=epsilon, n_iters=20_000, tol=1e-4)
    assert (out.plan.sum(2) - 1 / 30).abs().max() < 1e-6
    assert (out.plan.sum(1) - 1 / 30).abs().max() < 1e-4
    assert out.error.max() < 1e-3


def test_large_epsilon_gives_the_product_of_marginals(problem):
    cost, a, b = problem
    out = sinkhorn(cost, a, b, epsilon=1e7, n_iters=5)
    torch.testing.assert_close(out.plan, a[:, :, None] * b[:, None], rtol=1e-6, atol=0)


@pytest.mark.parametrize("domain", ["log", "scaling"])
def test_identical_prototypes_give_a_uniform_plan(domain):
    out = sinkhorn(torch.full((1, 6, 6), 3.0), epsilon=0.01, n_iters=3, domain=domain)
    torch.testing.assert_close(out.plan, torch.full((1, 6, 6), 1 / 36))


def test_permuted_prototypes_give_that_permutation(rng):
    x = torch.randn(9, 16, generator=rng)
    order = torch.randperm(9, generator=rng)
    plan = sinkhorn(torch.cdist(x, x[order]), epsilon=0.05, n_iters=100).plan
    torch.testing.assert_close(plan[order, torch.arange(9)], torch.full((9,), 1 / 9))


@pytest.mark.parametrize("epsilon", [1e-1, 1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("grad", ["unroll", "implicit"])
def test_no_problem_gives_nan(rng, epsilon, grad):
    shape = (60, 7, 5)
    cost = torch.cat(
        [
            torch.rand(shape, generator=rng),
            torch.rand(shape, generator=rng) * 1e6,
            torch.rand(shape, generator=rng).round(),
            torch.rand(60, 1, 5, generator=rng).expand(shape),
            torch.zeros(shape),
        ]
    ).requires_grad_()
    mask = torch.rand(300, 5, generator=rng) < 0.7
    out = sinkhorn(cost, epsilon=epsilon, n_iters=30, grad=grad, b_mask=mask)
    out.plan.square().sum().backward()
    for value in (out.plan, out.f, out.g, out.error, cost.grad):
        assert value.isfinite().all()
    wanted = mask.any(1).float()[:, None] / 7
    torch.testing.assert_close(out.plan.sum(2), wanted.expand(-1, 7))


def test_tolerance_stops_early_and_is_met(problem):
    for domain in ("log", "scaling"):
        full = sinkhorn(*problem, epsilon=0.1, n_iters=500, domain=domain)
        out = sinkhorn(*problem, epsilon=0.1, n_iters=500, tol=1e-6, domain=domain)
        assert full.n_iters == 500
        assert out.n_iters < 100
        assert out.error.max() <= 1e-6
        torch.testing.assert_close(out.error, (out.plan.sum(1) - problem[2]).abs().sum(1))


@pytest.mark.parametrize("domain", ["log", "scaling"])
def test_problem_without_real_rows_does_not_keep_the_others_from_stopping(problem, domain):
    a_mask = torch.tensor([[False] * 5, [True] * 5, [True] * 5])
    settings = {"epsilon": 0.1, "n_iters": 500, "tol": 1e-6, "domain": domain}
    assert sinkhorn(problem[0], a_mask=a_mask, **settings).n_iters < 100


def test_column_masses_are_scaled_to_the_total_of_rows(problem):
    cost, a, b = problem
    out = sinkhorn(cost, a, 5 * b, epsilon=0.1, n_iters=100)
    torch.testing.assert_close(out.plan, sinkhorn(cost, a, b, epsilon=0.1, n_iters=100).plan)


def test_detached_plan_has_no_gradient(problem):
    cost = problem[0].clone().requires_grad_()
    detached = sinkhorn(cost, epsilon=0.1, n_iters=20, grad="detach").plan
    assert not detached.requires_grad
    torch.testing.assert_close(detached, sinkhorn(cost, epsilon=0.1, n_iters=20).plan)


def test_implicit_gradient_is_unrolled_while_the_error_is_large(problem):
    cost = problem[0].clone().requires_grad_()
    few = [
        torch.autograd.grad(
            sinkhorn(cost, epsilon=0.01, n_iters=2, grad=grad).plan.square().sum(), cost
        )[0]
        for grad in ("unroll", "implicit")
    ]
    assert torch.equal(*few)


def test_half_precision_and_autocast_are_raised_to_float32(problem):
    cost = problem[0].bfloat16()
    expected = sinkhorn(cost.float(), epsilon=0.1, n_iters=20).plan
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(sinkhorn(cost, epsilon=0.1, n_iters=20).plan, expected)


class _Solve(torch.nn.Module):
    def forward(self, cost: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        if torch.jit.is_scripting():
            return sinkhorn_fixed(cost, None, None, 0.1, 60, None, mask, "implicit").plan
        else:  # noqa: RET505  (TorchScript does not compile this branch)
            return sinkhorn(
                cost, b_mask=mask, epsilon=0.1, n_iters=60, grad="implicit", tol=1e-9
            ).plan


def test_script_trace_and_export_give_the_eager_plan(problem):
    net, cost = _Solve(), problem[0]
    mask = torch.tensor([[1, 1, 0, 1], [1, 1, 1, 1], [0, 0, 0, 0]]).bool()
    batch = torch.export.Dim("batch", min=1)
    forms = [
        torch.jit.script(net),
        torch.jit.trace(net, (cost, mask)),
        torch.export.export(net, (cost, mask), dynamic_shapes=({0: batch}, {0: batch})).module(),
    ]
    for form in forms:
        for part in (slice(0, 3), slice(0, 2)):
            torch.testing.assert_close(form(cost[part], mask[part]), net(cost[part], mask[part]))


def test_scripted_plan_is_differentiable(problem):
    scripted = torch.jit.script(_Solve())
    cost = problem[0].clone().requires_grad_()
    mask = torch.ones(3, 4, dtype=torch.bool)
    grads = [
        torch.autograd.grad(net(cost, mask).square().sum(), cost)[0] for net in (scripted, _Solve())
    ]
    torch.testing.assert_close(*grads, rtol=1e-4, atol=1e-6)
    assert grads[0].abs().max() > 1e-2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epsilon": 0.0}, "epsilon=0.0 must be positive"),
        ({"n_iters": 0}, "n_iters=0 must be at least 1"),
        ({"grad": "envelope"}, "grad=envelope is unknown: use unroll"),
        ({"domain": "exp"}, "domain=exp is unknown: use auto"),
        ({"domain": "scaling", "epsilon": 1e-4}, r"domain=scaling: costs span \S+ epsilon"),
    ],
)
def test_wrong_settings_are_refused(problem, settings, message):
    with pytest.raises(ValueError, match=message):
        sinkhorn(problem[0], **{"epsilon": 0.1, "n_iters": 10, **settings})
