import subprocess
import sys

import pytest
import torch

from monai_ext.networks.blocks.region_pooling import RegionAttentionPool

M = 4
REGION = torch.tensor([[0, 0, 2, 3, -1, 2, 2], [1, 1, 1, 1, 0, 7, 3], [-1] * 7])


@pytest.fixture
def pool() -> RegionAttentionPool:
    torch.manual_seed(0)  # noqa: TID251
    return RegionAttentionPool(6, 5, 3).double()


@pytest.fixture
def features(rng: torch.Generator) -> torch.Tensor:
    return torch.randn(3, 7, 6, generator=rng, dtype=torch.float64)


def loop_over_regions(pool, features):
    """Every region pooled by itself, as one bag of its own."""
    prototypes = torch.zeros(3, M, 5, dtype=torch.float64)
    attention = torch.zeros(3, 7, dtype=torch.float64)
    for b in range(3):
        for k in range(M):
            here = REGION[b] == k
            if here.any():
                hidden = torch.relu(pool.embed(features[b, here]))[None]
                pooled, share = pool.attention(hidden, torch.ones(1, int(here.sum())).bool())
                prototypes[b, k], attention[b, here] = pooled[0], share[0]
    return prototypes, attention


def test_pooling_and_its_gradients_equal_a_loop_over_regions(pool, features):
    features.requires_grad_()
    prototypes, attention, mask = pool(features, REGION, M)
    expected, expected_attention = loop_over_regions(pool, features)
    torch.testing.assert_close(prototypes, expected)
    torch.testing.assert_close(attention, expected_attention)
    assert mask.tolist() == [[True, False, True, True], [True, True, False, True], [False] * 4]
    leaves = [features, *pool.parameters()]
    found = torch.autograd.grad(prototypes.square().sum(), leaves)
    for x, y in zip(found, torch.autograd.grad(expected.square().sum(), leaves), strict=True):
        torch.testing.assert_close(x, y)


def test_without_attention_a_prototype_is_the_mean_of_its_region(features):
    torch.manual_seed(0)  # noqa: TID251
    pool = RegionAttentionPool(6, 5, 3, kind="mean").double()
    prototypes, attention, _ = pool(features, REGION, M)
    here = REGION[0] == 2
    torch.testing.assert_close(prototypes[0, 2], pool.embed(features[0, here]).relu().mean(0))
    torch.testing.assert_close(attention[0], torch.tensor([3, 3, 2, 6, 0, 2, 2]).double() / 6)
    assert {name.split(".")[0] for name, _ in pool.named_parameters()} == {"embed"}


def test_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="region_pool=max is unknown: use attention or mean"):
        RegionAttentionPool(6, 5, 3, kind="max")


def test_order_within_a_region_is_irrelevant_and_the_region_is_not(pool, features, rng):
    order = torch.randperm(7, generator=rng)
    prototypes = pool(features, REGION, M)[0]
    shuffled = pool(features[:, order], REGION[:, order], M)[0]
    torch.testing.assert_close(shuffled, prototypes)
    moved = REGION.clone()
    moved[0, 0] = 3
    change = (pool(features, moved, M)[0] - prototypes)[0].norm(dim=1)
    assert (change > 1e-3).tolist() == [True, False, False, True]


def test_bag_of_no_instances_gives_empty_regions(pool, features):
    prototypes, attention, mask = pool(features[:, :0], REGION[:, :0], M)
    assert prototypes.abs().sum() == 0
    assert attention.shape == (3, 0)
    assert not mask.any()


TRAIN_LARGE_BAG = """
import resource
import torch
from monai_ext.networks.blocks.region_pooling import RegionAttentionPool
n = 200_000
bag = torch.zeros(1, n, 4 + 1024)
features = bag[:, :, 4:].normal_()
pool = RegionAttentionPool(1024, 256, 128, 0.25)
prototypes, _, _ = pool(features, torch.arange(n)[None] * 30 // n, 30)
prototypes.square().sum().backward()
assert pool.embed.weight.grad.abs().sum() > 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_bag_of_200_000_tiles_trains_within_4_gb():
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", TRAIN_LARGE_BAG], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    peak_kib = int(done.stdout.split()[-1])
    assert peak_kib < 4 * 2**20
