"""Statistics are applied and checked as those of the linear layer."""

import pytest
import torch

from monai_ext.networks.blocks.standardized_identity import StandardizedIdentity


def test_features_are_standardised_by_the_given_statistics(rng):
    x, layer = torch.randn(4, 3, generator=rng), StandardizedIdentity(3)
    assert torch.equal(layer(x), x)
    mean, std = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 0.0, 4.0])
    layer.set_statistics(mean, std)
    torch.testing.assert_close(layer(x), (x - mean) / torch.tensor([2.0, 1.0, 4.0]))
    again = StandardizedIdentity(3)
    again.load_state_dict(layer.state_dict())
    assert torch.equal(again(x), layer(x))


@pytest.mark.parametrize("std", [torch.ones(2), torch.tensor([1.0, torch.nan, 1.0])])
def test_statistics_that_do_not_fit_are_refused(std):
    with pytest.raises(ValueError, match=r"std .* must be 3 finite numbers"):
        StandardizedIdentity(3).set_statistics(torch.zeros(3), std)
