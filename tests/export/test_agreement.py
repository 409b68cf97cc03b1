"""Differences are found, also those that are no number."""

import pytest
import torch

from monai_ext.errors import BundleError
from monai_ext.export.agreement import require_agreement

INPUTS = [torch.zeros(1, 2), torch.ones(1, 2)]


def test_the_largest_difference_is_told():
    far = require_agreement(lambda x: x + 1e-5 * x, torch.nn.Identity(), INPUTS)
    assert far == pytest.approx(1e-5, rel=0.02)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (lambda x: x + 2e-4, r"differs by 2\.0e-04 for an input of \[1, 2\]"),
        (lambda x: x * float("nan"), "differs by nan"),
        (lambda x: x[:, :1], r"has shape \[1, 1\], not \[1, 2\]"),
    ],
)
def test_what_differs_is_refused(changed, told):
    with pytest.raises(BundleError, match=told):
        require_agreement(changed, torch.nn.Identity(), INPUTS)
