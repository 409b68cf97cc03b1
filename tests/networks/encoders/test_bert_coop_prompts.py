"""Reference: the tower's own encoding of the sentence whose words stand in for the context."""

import pytest
import torch
from torch.nn import functional

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import KeepText, MiniLML6
from monai_ext.networks.encoders.bert_coop_prompts import BertCoOpPrompts

ENCODERS = {"pooler": lambda: KeepText(preset="tiny"), "mean": MiniLML6}
WHOLE = ["slide of a gland", "slide of a tumour in fibrous stroma with many vessels"]


@pytest.fixture(scope="module", params=ENCODERS)
def encoder(request):
    return ENCODERS[request.param]()


@pytest.fixture
def tiny():
    return KeepText(preset="tiny")


def without(ids, n):
    """The ids of a sentence, less its first ``n`` words."""
    return torch.cat([ids[:, :1], ids[:, n + 1 :]], dim=1)


def words_of(encoder, ids):
    return encoder.backbone.bert.embeddings.word_embeddings(ids)


@torch.no_grad()
def test_real_words_as_context_reproduce_the_sentence(encoder):
    ids = encoder.tokenizer(WHOLE)
    prompts = BertCoOpPrompts(encoder.backbone, without(ids, 3), 3)
    prompts.ctx.copy_(words_of(encoder, ids[:1, 1:4]))
    torch.testing.assert_close(prompts(), encoder.encode(WHOLE), atol=1e-6, rtol=0)
    prompts.ctx.mul_(0.5)
    assert (prompts() - encoder.encode(WHOLE)).abs().max() > 1e-4


@torch.no_grad()
def test_each_class_may_have_its_own_context(encoder):
    ids = encoder.tokenizer(["red gland of the colon", "a pale stroma"])
    prompts = BertCoOpPrompts(encoder.backbone, without(ids, 1), 1, class_specific=True)
    prompts.ctx.copy_(words_of(encoder, ids[:, 1:2]))
    wanted = encoder.encode(["red gland of the colon", "a pale stroma"])
    torch.testing.assert_close(prompts(), wanted, atol=1e-6, rtol=0)


@pytest.mark.parametrize("spare", [0, 2, 3, 4])
@torch.no_grad()
def test_sentence_that_is_cut_keeps_its_end(tiny, spare):
    end, length, n = 2, 64, 3
    words = torch.arange(10, 10 + length - 2 - spare)  # leaves ``spare`` positions free
    short = torch.tensor([1, 5, end])
    ids = torch.zeros(2, length, dtype=torch.long)
    ids[0, : len(words) + 2] = torch.cat([torch.tensor([1]), words, torch.tensor([end])])
    ids[1, :3] = short
    prompts = BertCoOpPrompts(tiny.backbone, ids, n)
    first = torch.tensor([700, 701, 702])
    prompts.ctx.copy_(words_of(tiny, first[None]))
    whole = torch.zeros(2, length, dtype=torch.long)
    kept = torch.cat([torch.tensor([1]), first, words])[: length - 1]
    whole[0, : len(kept) + 1] = torch.cat([kept, torch.tensor([end])])
    whole[1, :6] = torch.tensor([1, *first, 5, end])
    wanted = functional.normalize(tiny.backbone(whole), dim=-1)
    torch.testing.assert_close(prompts(), wanted, atol=1e-6, rtol=0)


@torch.no_grad()
def test_padding_of_the_ids_does_not_matter(encoder):
    ids = encoder.tokenizer(["a gland", "a pale gland"])
    narrow = ids[:, : int((ids != 0).sum(1).max())]
    wide = torch.cat([narrow, narrow.new_zeros(2, 9)], dim=1)
    found = [BertCoOpPrompts(encoder.backbone, each, 4)() for each in (narrow, wide)]
    torch.testing.assert_close(found[0], found[1], atol=1e-6, rtol=0)
    alone = BertCoOpPrompts(encoder.backbone, ids[:1], 4)()
    torch.testing.assert_close(found[0][:1], alone, atol=1e-6, rtol=0)
    trimmed = BertCoOpPrompts(encoder.backbone, wide, 4).token_ids  # no work on shared padding
    assert trimmed.shape[1] == narrow.shape[1] + 4


def test_only_the_context_is_trained(tiny):
    tower = tiny.backbone.train().requires_grad_(requires_grad=True)  # as a caller may have it
    before = {name: tensor.clone() for name, tensor in tower.state_dict().items()}
    prompts = BertCoOpPrompts(tower, tiny.tokenizer(["gland", "stroma"]), 4).train()
    assert [name for name, _ in prompts.named_parameters()] == ["ctx"]
    assert set(prompts.state_dict()) == {"ctx"}
    assert torch.equal(prompts(), prompts())  # no dropout
    optimiser = torch.optim.SGD([*prompts.parameters(), *tower.parameters()], lr=0.1)
    start = prompts.ctx.detach().clone()
    prompts()[0, 0].backward()
    assert prompts.ctx.grad is not None
    assert (prompts.ctx.grad.abs().amax(dim=-1) > 0).all()
    optimiser.step()
    assert (prompts.ctx.detach() - start).abs().max() > 0
    after = tower.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_tower_moves_along(tiny):
    prompts = BertCoOpPrompts(tiny.backbone, tiny.tokenizer(["gland"]), 2).double()
    assert {weight.dtype for weight in tiny.backbone.parameters()} == {torch.float64}
    assert prompts().dtype == torch.float64


def test_start_is_drawn_from_its_seed(tiny):
    ids = tiny.tokenizer(["gland"])
    first, again, other = (BertCoOpPrompts(tiny.backbone, ids, 8, seed=s) for s in (0, 0, 1))
    assert torch.equal(first.ctx, again.ctx)
    assert not torch.equal(first.ctx, other.ctx)
    assert first.ctx.std().item() == pytest.approx(0.02, rel=0.2)


@pytest.mark.parametrize("n_ctx", [0, -1, 62])
def test_context_without_room_for_a_word_is_refused(tiny, n_ctx):
    with pytest.raises(SettingError, match=f"n_ctx={n_ctx}. Rule: 1 to 61"):
        BertCoOpPrompts(tiny.backbone, tiny.tokenizer(["gland"]), n_ctx)
    assert BertCoOpPrompts(tiny.backbone, tiny.tokenizer(["gland"]), 61)().isfinite().all()
