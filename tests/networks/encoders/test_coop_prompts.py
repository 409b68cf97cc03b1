import pytest
import torch

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import ConchText, CoOpPrompts
from monai_ext.networks.encoders.conch_model import load_conch


@pytest.fixture(scope="module")
def encoder():
    return ConchText(preset="tiny")


def test_real_words_as_context_reproduce_the_sentence_exactly(encoder):
    whole = ["slide of a gland", "slide of a tumour in stroma"]
    prompts = CoOpPrompts(encoder.backbone, encoder.tokenizer(["gland", "tumour in stroma"]), 3)
    words = encoder.tokenizer(whole)[:1, 1:4]
    with torch.no_grad():
        prompts.ctx.copy_(encoder.backbone.token_embedding(words))
        assert torch.equal(prompts(), encoder.encode(whole))


def test_each_class_may_have_its_own_context(encoder):
    prompts = CoOpPrompts(
        encoder.backbone, encoder.tokenizer(["gland", "stroma"]), 2, class_specific=True
    )
    whole = ["red big gland", "a pale stroma"]
    with torch.no_grad():
        prompts.ctx.copy_(encoder.backbone.token_embedding(encoder.tokenizer(whole)[:, 1:3]))
        assert torch.equal(prompts(), encoder.encode(whole))


def test_sentence_that_fills_the_context_keeps_its_end(encoder):
    words = [f"w{k}" for k in range(125)]
    prompts = CoOpPrompts(encoder.backbone, encoder.tokenizer([" ".join(words)]), 4)
    whole = encoder.tokenizer([" ".join(["a", "b", "c", "d", *words[:121]])])
    assert whole[0, -1] == 2
    with torch.no_grad():
        prompts.ctx.copy_(encoder.backbone.token_embedding(whole[:, 1:5]))
        wanted = torch.nn.functional.normalize(encoder.backbone(whole), dim=-1)
        assert torch.equal(prompts(), wanted)


def test_only_the_context_is_trained(encoder):
    tower = load_conch(None, "tiny", "x").text.train()  # as a caller may hand it over
    prompts = CoOpPrompts(tower, encoder.tokenizer(["gland", "stroma"]), 4)
    prompts()[0, 0].backward()
    assert prompts.ctx.grad.abs().min(dim=-1).values.shape == (1, 4)
    assert (prompts.ctx.grad.abs().amax(dim=-1) > 0).all()
    assert [name for name, _ in prompts.named_parameters()] == ["ctx"]
    assert all(weight.grad is None for weight in tower.parameters())
    assert not tower.training
    assert set(prompts.state_dict()) == {"ctx"}


def test_tower_moves_along(encoder):
    tower = ConchText(preset="tiny").backbone
    prompts = CoOpPrompts(tower, encoder.tokenizer(["gland"]), 2).double()
    assert tower.text_projection.dtype == torch.float64
    assert prompts().dtype == torch.float64


def test_start_is_drawn_from_its_seed(encoder):
    ids = encoder.tokenizer(["gland"])
    first, again, other = (CoOpPrompts(encoder.backbone, ids, 2, seed=s) for s in (0, 0, 1))
    assert torch.equal(first.ctx, again.ctx)
    assert not torch.equal(first.ctx, other.ctx)
    assert first.ctx.std().item() == pytest.approx(0.02, rel=0.3)


@pytest.mark.parametrize("n_ctx", [0, 125])
def test_context_without_room_for_a_word_is_refused(encoder, n_ctx):
    with pytest.raises(SettingError, match=f"n_ctx={n_ctx}. Rule: 1 to 124"):
        CoOpPrompts(encoder.backbone, encoder.tokenizer(["gland"]), n_ctx)
