import torch

from monai_ext.ops.bank_cosine import bank_collapse, bank_cosine


def test_equals_torchs_cosine_in_double_precision(rng):
    x, bank = (torch.randn(n, 7, generator=rng, dtype=torch.float64) for n in (12, 5))
    expected = torch.nn.functional.cosine_similarity(x[:, None], bank[None], dim=-1)
    torch.testing.assert_close(bank_cosine(x.view(3, 4, 7), bank).view(12, 5), expected)


def test_zero_vectors_have_cosine_zero_and_finite_gradient(rng):
    x, bank = torch.zeros(2, 3, requires_grad=True), torch.randn(4, 3, generator=rng)
    bank[0] = 0
    bank.requires_grad_()
    found = bank_cosine(x, bank)
    found.square().sum().backward()
    assert found.abs().max() == 0
    assert x.grad is not None
    assert x.grad.isfinite().all()
    assert bank.grad is not None
    assert bank.grad.isfinite().all()


def test_half_precision_is_raised(rng):
    x, bank = torch.randn(6, 32, generator=rng), torch.randn(3, 32, generator=rng)
    found = bank_cosine(x.bfloat16(), bank)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, bank_cosine(x, bank), rtol=0.02, atol=0.02)


def test_collapse_is_the_mean_over_pairs(rng):
    bank = torch.randn(4, 9, generator=rng, dtype=torch.float64)
    pairs = [(i, k) for i in range(4) for k in range(4) if i != k]
    cosines = [torch.nn.functional.cosine_similarity(bank[i], bank[k], dim=0) for i, k in pairs]
    torch.testing.assert_close(bank_collapse(bank), torch.stack(cosines).mean())
    assert bank_collapse(bank[:1]).abs() < 1e-12
    assert bank_collapse(bank[:0]) == 0
