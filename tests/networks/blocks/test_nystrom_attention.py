import pytest
import torch
from torch.nn import functional as F

from monai_ext.networks.blocks.nystrom_attention import NystromAttention, iterative_inverse

DIM, HEADS, MARKS = 8, 2, 4


def build(**more) -> NystromAttention:
    torch.manual_seed(0)  # noqa: TID251
    return NystromAttention(DIM, HEADS, MARKS, residual_kernel=5, **more).double().eval()


def dense(module: NystromAttention, x: torch.Tensor, kernel: int = 5):
    """One sequence ``[L, D]``, zeros really in front, dense matrices; output and first row."""
    front = -len(x) % MARKS
    filled = torch.cat([x.new_zeros(front, DIM), x])
    query, key, value = module.qkv(filled).reshape(-1, 3, HEADS, DIM // HEADS).unbind(1)
    outs, rows = [], []
    for h in range(HEADS):
        q, k, v = query[:, h], key[:, h], value[:, h]
        q_mark, k_mark = (t.reshape(MARKS, -1, DIM // HEADS).mean(1) for t in (q, k))
        root = (DIM // HEADS) ** 0.5
        first, middle = (q @ k_mark.T / root).softmax(1), (q_mark @ k_mark.T / root).softmax(1)
        last = (q_mark @ k.T / root).softmax(1)
        weights = first @ iterative_inverse(middle[None, None], 6, "matrix")[0, 0] @ last
        rows.append(weights[front, front:])
        out = weights @ v
        if kernel:
            padded = F.pad(v, (0, 0, kernel // 2, kernel // 2))
            window = padded.unfold(0, kernel, 1)
            out = out + window @ module.convolution.weight[h, 0, :, 0]
        outs.append(out[front:])
    return module.project(torch.cat(outs, 1)), sum(rows) / HEADS


@pytest.mark.parametrize("length", [1, 3, 4, 9, 16, 30])
def test_it_is_the_dense_approximation_on_the_sequence_alone(length, rng):
    module = build()
    x = torch.randn(1, 40, DIM, generator=rng, dtype=torch.float64)
    expected, row = dense(module, x[0, :length])
    number = torch.tensor([length])
    torch.testing.assert_close(module(x, number)[0, :length], expected, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(module.first_token(x, number)[0], expected[0], rtol=1e-6, atol=1e-8)
    found = module.first_row(x, number)[0]
    torch.testing.assert_close(found[:length], row, rtol=1e-6, atol=1e-8)


def test_sequences_of_a_batch_do_not_meet(rng):
    module = build()
    x = torch.randn(3, 31, DIM, generator=rng, dtype=torch.float64)
    lengths = torch.tensor([7, 30, 1])
    together = module(x, lengths)
    for b, length in enumerate(lengths.tolist()):
        alone = module(x[b : b + 1, : length + 1], lengths[b : b + 1])
        torch.testing.assert_close(together[b, :length], alone[0, :length])


def test_with_as_many_landmarks_as_tokens_it_is_attention(rng):
    torch.manual_seed(0)  # noqa: TID251
    module = NystromAttention(DIM, HEADS, 6, residual_kernel=0, iterations=25).double()
    x = torch.randn(1, 7, DIM, generator=rng, dtype=torch.float64) / 2
    query, key, value = module.qkv(x[:, :6]).reshape(1, 6, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
    exact = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
    found = module(x, torch.tensor([6]))[:, :6]
    torch.testing.assert_close(found, module.project(exact), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("scale", ["matrix", "bag"])
def test_iteration_reaches_the_inverse(scale, rng):
    matrix = (2 * torch.randn(2, 3, 5, 5, generator=rng, dtype=torch.float64)).softmax(-1)
    found = iterative_inverse(matrix, 40, scale)
    torch.testing.assert_close(found, torch.linalg.inv(matrix), rtol=1e-6, atol=1e-6)


def test_scale_of_a_bag_reads_no_other_bag(rng):
    matrix = (2 * torch.randn(2, 3, 5, 5, generator=rng)).softmax(-1)
    both = iterative_inverse(matrix, 2, "bag")
    torch.testing.assert_close(both[1:], iterative_inverse(matrix[1:], 2, "bag"))
    assert (both - iterative_inverse(matrix, 2, "matrix")).abs().max() > 1e-3


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="dim=8 must be a multiple of num_heads=3"):
        NystromAttention(8, 3, 4)
    with pytest.raises(ValueError, match="scale=batch is unknown"):
        NystromAttention(8, 2, 4, scale="batch")
