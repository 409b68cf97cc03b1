import pytest
import torch

from monai_ext.networks.blocks.plan_combine import combine_prototypes


@pytest.fixture
def parts(rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    plan = torch.rand(2, 4, 4, generator=rng, dtype=torch.float64)
    plan[0, 1] = 0  # a masked row of the guide
    weights = torch.rand(2, 4, generator=rng, dtype=torch.float64)
    return (
        plan / plan.sum(2, keepdim=True).clamp_min(1e-9) / 4,
        weights,
        torch.randn(2, 4, 3, generator=rng, dtype=torch.float64),
    )


@pytest.mark.parametrize("plan_norm", ["row", "none"])
@pytest.mark.parametrize("combine", ["literal", "barycentric", "transported"])
def test_combination_equals_its_sum(parts, combine, plan_norm):
    plan, weights, prototypes = parts
    expected = torch.zeros_like(prototypes)
    for b in range(2):
        for u in range(4):
            mass = plan[b, u].sum() if plan_norm == "row" and plan[b, u].sum() > 0 else 1.0
            for v in range(4):
                share = plan[b, u, v] / mass * weights[b, u]
                if combine == "literal":
                    expected[b, v] += share * prototypes[b, u]
                elif combine == "barycentric":
                    expected[b, u] += share * prototypes[b, v]
                else:
                    expected[b, v] += share * prototypes[b, v]
    found = combine_prototypes(plan, weights, prototypes, combine, plan_norm)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("combine", ["literal", "barycentric", "transported"])
def test_identity_plan_and_equal_weights_change_nothing(parts, combine):
    prototypes = parts[2]
    eye = torch.eye(4, dtype=torch.float64).expand(2, 4, 4) / 4
    ones = torch.ones(2, 4, dtype=torch.float64)
    torch.testing.assert_close(combine_prototypes(eye, ones, prototypes, combine), prototypes)


def test_unknown_names_are_refused(parts):
    with pytest.raises(ValueError, match="combine=sum is unknown: use literal"):
        combine_prototypes(*parts, "sum")
    with pytest.raises(ValueError, match="plan_norm=max is unknown: use row or none"):
        combine_prototypes(*parts, "literal", "max")
