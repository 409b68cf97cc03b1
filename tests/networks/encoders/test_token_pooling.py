import pytest
import torch

from monai_ext.networks.encoders.token_pooling import TokenPooling


class Tokens(torch.nn.Module):
    """Class token 1, two registers 100, patches 2 and 4."""

    num_features, num_prefix_tokens = 3, 3

    def forward_features(self, image):
        return torch.tensor([1.0, 100, 100, 2, 4]).view(1, 5, 1).expand(len(image), 5, 3)


@pytest.mark.parametrize(
    ("pooling", "wanted"), [("cls", [1.0] * 3), ("cls+mean", [1.0] * 3 + [3.0] * 3)]
)
def test_class_token_and_mean_of_patches_alone(pooling, wanted):
    pool = TokenPooling(Tokens(), pooling)
    assert pool(torch.zeros(2, 3, 4, 4)).tolist() == [wanted] * 2
    assert pool.embed_dim == len(wanted)
