"""Fixtures that every room's tests use."""

import numpy as np
import pytest
import torch

from monai_ext.trust import trusting


@pytest.fixture
def rng() -> torch.Generator:
    """A torch generator with a fixed seed."""
    return torch.Generator().manual_seed(0)


@pytest.fixture
def np_rng() -> np.random.Generator:
    """A numpy generator with a fixed seed."""
    return np.random.default_rng(0)


@pytest.fixture
def trusted():
    """Configs may name what the tests define."""
    with trusting(True):
        yield
