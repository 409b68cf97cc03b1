"""The rearranged attention against torch's own, which keeps keys and values."""

import pytest
import torch

from monai_ext.networks.blocks.text_query_attention import TextQueryAttention

WIDTH, HEADS = 12, 3


@pytest.fixture
def inputs(rng):
    x = torch.randn(2, 9, WIDTH, generator=rng, dtype=torch.float64)
    query = torch.randn(4, WIDTH, generator=rng, dtype=torch.float64)
    weight = torch.randn(2, 9, generator=rng, dtype=torch.float64)
    mask = torch.ones(2, 9, dtype=torch.bool)
    mask[1, 5:] = False
    return query, x, weight, mask


def reference(ours):
    """The same weights in ``torch.nn.MultiheadAttention``, its key bias at will."""
    theirs = torch.nn.MultiheadAttention(WIDTH, HEADS, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        weights = [ours.query.weight, ours.key.weight, ours.value.weight]
        theirs.in_proj_weight.copy_(torch.cat(weights))
        theirs.in_proj_bias.copy_(
            torch.cat([ours.query.bias, torch.full((WIDTH,), 0.7), ours.value.bias])
        )
        theirs.out_proj.load_state_dict(ours.out.state_dict())
    return theirs


def test_equals_multi_head_attention_on_weighted_tokens(inputs):
    query, x, weight, mask = inputs
    ours = TextQueryAttention(WIDTH, HEADS).double()
    tokens = x * weight.unsqueeze(-1)
    expected, attention = reference(ours)(
        query.expand(2, -1, -1), tokens, tokens, ~mask, average_attn_weights=False
    )
    found, share = ours(query, x, weight, mask)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(share, attention)


def test_attention_is_zero_where_masked_and_the_rest_sums_to_one(inputs):
    query, x, weight, mask = inputs
    mask[0] = False
    found, share = TextQueryAttention(WIDTH, HEADS).double()(query, x, weight, mask)
    assert share[0].abs().sum() == 0
    assert share[1, ..., 5:].abs().sum() == 0
    torch.testing.assert_close(share[1].sum(-1), torch.ones(HEADS, 4, dtype=torch.float64))
    assert found.isfinite().all()


def test_gradient_is_right(inputs):
    ours = TextQueryAttention(WIDTH, HEADS).double()
    query, x, weight, mask = inputs
    free = [value.clone().requires_grad_() for value in (query, x[:, :4], weight[:, :4])]
    assert torch.autograd.gradcheck(lambda q, a, w: ours(q, a, w, mask[:, :4])[0], free)


def test_heads_must_divide_the_width():
    with pytest.raises(
        ValueError, match="width=12 must be a multiple of num_heads=8: try num_heads=6"
    ):
        TextQueryAttention(12, 8)
