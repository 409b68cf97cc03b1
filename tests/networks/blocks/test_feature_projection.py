import torch

from monai_ext.networks.blocks.feature_projection import FeatureProjection, NoProjection


def test_a_prototype_among_standardised_features_meets_that_feature(rng):
    block = FeatureProjection(5, 8)
    x = 3 + 2 * torch.randn(40, 5, generator=rng)
    block.embed.set_statistics(x.mean(0), x.std(0))
    standard = block.standardized(x)
    torch.testing.assert_close(standard.mean(0), torch.zeros(5), rtol=0, atol=1e-5)
    torch.testing.assert_close(block.prototypes(standard), block(x))
    assert (block.prototypes(x) - block(x)).abs().max() > 0.1


def test_without_projection_nothing_is_changed(rng):
    x = torch.randn(4, 5, generator=rng)
    block = NoProjection()
    for found in (block(x), block.prototypes(x), block.standardized(x)):
        assert torch.equal(found, x)
