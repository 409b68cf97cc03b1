"""Reference: open_clip's AttentionalPooler with equal weights."""

import pytest
import torch
from open_clip.transformer import AttentionalPooler

from monai_ext.networks.encoders.attention_pooler import AttentionPooler
from monai_ext.networks.encoders.stand_in import fill_with_noise


@pytest.mark.parametrize(("dim", "context"), [(8, 12), (12, 12)])
def test_pooled_tokens_equal_open_clips(rng, dim, context):
    ours = AttentionPooler(dim, context, num_heads=4, num_queries=3)
    fill_with_noise(ours, seed=1)
    with torch.no_grad():
        for weight in ours.parameters():
            weight.add_(0.1 * torch.randn(weight.shape, generator=rng))
    theirs = AttentionalPooler(dim, context, n_head=4, n_queries=3)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    tokens = torch.randn(2, 5, context, generator=rng)
    torch.testing.assert_close(ours(tokens), theirs(tokens), atol=1e-6, rtol=1e-5)
