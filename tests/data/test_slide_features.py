import numpy as np

from tests.data.feature_files import item


def test_magnification_follows_from_mpp():
    assert item(mpp=0.5055).magnification == 20
    assert item(mpp=2 / 3).magnification == 15
    assert item(mpp=None).magnification is None


def test_shape_is_that_of_the_features():
    assert item(features=np.zeros((3, 2), np.float32)).shape == (3, 2)
