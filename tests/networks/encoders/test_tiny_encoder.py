import numpy as np

from monai_ext.networks.encoders import TinyEncoder


def test_same_seed_same_features_other_seed_others(np_rng):
    tiles = np_rng.integers(0, 256, (3, 20, 20, 3), dtype=np.uint8)
    features = TinyEncoder(seed=3).encode(tiles).numpy()
    np.testing.assert_array_equal(features, TinyEncoder(seed=3).encode(tiles).numpy())
    assert np.abs(features - TinyEncoder(seed=4).encode(tiles).numpy()).max() > 0.1


def test_features_tell_tiles_apart(np_rng):
    features = TinyEncoder().encode(np_rng.integers(0, 256, (3, 20, 20, 3), dtype=np.uint8))
    assert (features[0] - features[1]).abs().max() > 0.1
