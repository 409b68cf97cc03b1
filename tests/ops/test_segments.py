import pytest
import torch

from monai_ext.ops.segments import (
    segment_counts,
    segment_mean,
    segment_softmax,
    segment_sum,
)

M = 4


@pytest.fixture
def segment() -> torch.Tensor:
    """Segment 1 is empty in the first bag; ids -1 and M belong to none; the last bag is empty."""
    return torch.tensor([[0, 0, 2, 3, -1, 2, 4], [1, 1, 1, 1, 0, 2, 3], [-1] * 7])


@pytest.fixture
def values(rng: torch.Generator) -> torch.Tensor:
    return torch.randn(3, 7, 5, generator=rng, dtype=torch.float64)


def dense(function, values, segment):
    """The same, one segment at a time."""
    out = torch.zeros(3, M, *values.shape[2:], dtype=values.dtype)
    for b in range(3):
        for k in range(M):
            if (segment[b] == k).any():
                out[b, k] = function(values[b][segment[b] == k], 0)
    return out


@pytest.mark.parametrize("width", [1, 5])
def test_sum_and_mean_equal_a_loop(values, segment, width):
    values = values[..., 0] if width == 1 else values
    torch.testing.assert_close(segment_sum(values, segment, M), dense(torch.sum, values, segment))
    torch.testing.assert_close(segment_mean(values, segment, M), dense(torch.mean, values, segment))


def test_counts_equal_a_loop(segment):
    ones = torch.ones(3, 7, dtype=torch.long)
    assert torch.equal(segment_counts(segment, M), dense(torch.sum, ones, segment))


def test_softmax_equals_a_loop(values, segment):
    scores = values[..., 0]
    out = segment_softmax(scores, segment, M)
    expected = torch.zeros_like(scores)
    for b in range(3):
        for k in range(M):
            here = segment[b] == k
            expected[b, here] = scores[b, here].softmax(0)
    torch.testing.assert_close(out, expected)


@pytest.mark.parametrize("size", [1e8, -1e8])
def test_softmax_is_stable_for_large_scores(segment, size):
    out = segment_softmax(torch.full((3, 7), size), segment, M)
    expected = (segment_counts(segment, M) > 0).float()
    torch.testing.assert_close(segment_sum(out, segment, M), expected)


def test_entries_of_no_segment_get_no_gradient(values, segment):
    scores = values[..., 0].clone().requires_grad_()
    features = values.clone().requires_grad_()
    weights = segment_softmax(scores, segment, M)
    pooled = segment_sum(weights.unsqueeze(2) * features, segment, M)
    pooled.square().sum().backward()
    outside = (segment < 0) | (segment >= M)
    for grad in (scores.grad, features.grad):
        assert grad.isfinite().all()
        assert grad[outside].abs().sum() == 0
        assert grad[0, 0].abs().sum() > 0


@pytest.mark.parametrize("function", [segment_sum, segment_mean, segment_softmax])
def test_gradients_are_exact(values, segment, function):
    scores = values[..., 0].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: function(x, segment, M), scores)


@pytest.mark.parametrize("function", [segment_sum, segment_mean, segment_softmax])
def test_functions_script_and_take_empty_bags(values, segment, function):
    scripted = torch.jit.script(function)
    scores = values[..., 0]
    torch.testing.assert_close(scripted(scores, segment, M), function(scores, segment, M))
    assert scripted(scores[:, :0], segment[:, :0], M).abs().sum() == 0


class _Pool(torch.nn.Module):
    def forward(self, values, segment):
        weights = segment_softmax(values[..., 0], segment, M)
        return segment_mean(weights.unsqueeze(2) * values, segment, M)


def test_functions_export_with_dynamic_length(values, segment):
    length = torch.export.Dim("length")
    program = torch.export.export(
        _Pool(), (values, segment), dynamic_shapes=({1: length}, {1: length})
    ).module()
    args = values[:, :2], segment[:, :2]
    torch.testing.assert_close(program(*args), _Pool()(*args))
