"""The identity at first, then softmax attention over prototypes."""

import torch

from monai_ext.networks.blocks.prototype_cross_attention import PrototypeCrossAttention


def test_it_starts_as_the_identity_and_learns_from_there(rng):
    block = PrototypeCrossAttention(6, 5, 4)
    x, bank = torch.randn(2, 6, 3, 4, generator=rng), torch.randn(7, 5, generator=rng)
    out = block(x, bank)
    assert torch.equal(out, x)
    out.square().sum().backward()
    assert block.out.weight.grad is not None
    assert block.out.weight.grad.abs().max() > 0


def test_it_equals_a_loop_over_pixels_and_prototypes(rng):
    block = PrototypeCrossAttention(6, 5, 4).double()
    torch.nn.init.normal_(block.out.weight, generator=rng)
    x = torch.randn(2, 6, 3, 4, generator=rng, dtype=torch.float64)
    bank = torch.randn(7, 5, generator=rng, dtype=torch.float64)
    out = block(x, bank)
    for b, row, col in ((0, 0, 0), (1, 2, 3), (1, 0, 2)):
        pixel = x[b, :, row, col]
        query = block.query.weight[:, :, 0, 0] @ pixel
        scores = torch.stack([query @ (block.key.weight @ v) / 2 for v in bank])
        heard = sum(
            w * (block.value.weight @ v) for w, v in zip(scores.softmax(0), bank, strict=True)
        )
        expected = pixel + block.out.weight[:, :, 0, 0] @ heard
        torch.testing.assert_close(out[b, :, row, col], expected, rtol=1e-6, atol=1e-6)


def test_order_of_prototypes_does_not_matter(rng):
    block = PrototypeCrossAttention(6, 5, 4)
    torch.nn.init.normal_(block.out.weight, generator=rng)
    x, bank = torch.randn(1, 6, 3, 4, generator=rng), torch.randn(7, 5, generator=rng)
    torch.testing.assert_close(block(x, bank.flip(0)), block(x, bank))
    assert (block(x, bank[:3]) - block(x, bank)).abs().max() > 1e-3
