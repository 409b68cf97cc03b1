"""Reference: open_clip's text transformer of CoCa with equal weights."""

import pytest
import torch
from open_clip.transformer import TextTransformer

from monai_ext.networks.encoders.causal_text_tower import CausalTextTower
from monai_ext.networks.encoders.stand_in import fill_with_noise

LENGTH, VOCAB = 16, 50


@pytest.fixture
def tower(rng):
    tower = CausalTextTower(VOCAB, LENGTH, 24, num_heads=3, depth=2, embed_dim=10).eval()
    fill_with_noise(tower, seed=1)
    with torch.no_grad():
        for weight in tower.parameters():
            weight.add_(0.1 * torch.randn(weight.shape, generator=rng))
    return tower


def open_clips(tower, *, correct_cls_mask=False):
    reference = TextTransformer(
        context_length=LENGTH - 1,
        vocab_size=VOCAB,
        width=24,
        heads=3,
        layers=2,
        output_dim=10,
        embed_cls=True,
        pad_id=0,
        correct_cls_mask=correct_cls_mask,
    )
    reference.load_state_dict(tower.state_dict(), strict=True)
    return reference.eval()


def sentences(*lengths):
    """Ids of start, words, end and padding; the last column is padding always."""
    rows = [[1, *range(3, 1 + n), 2] + [0] * (LENGTH - n) for n in lengths]
    return torch.tensor(rows)


@torch.no_grad()
def test_vectors_equal_open_clips_coca(tower):
    ids = sentences(2, 3, 7, LENGTH - 2, LENGTH - 1)
    wanted = open_clips(tower)(ids[:, :-1])
    torch.testing.assert_close(tower(ids), wanted, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_mask_is_cocas_shifted_one(tower):
    """The corrected mask is another network: the weights were not trained with it."""
    ids = sentences(5)
    other = open_clips(tower, correct_cls_mask=True)(ids[:, :-1])
    assert (tower(ids) - other).abs().max() > 1e-3


@torch.no_grad()
def test_class_token_sees_one_padding_and_no_more(tower):
    ids = sentences(5)
    tokens = tower.token_embedding(ids[:, :-1])
    is_token = ids[:, :-1] != 0
    base = tower.pool(tokens, is_token)
    change = torch.arange(24.0).cos()  # a constant would vanish in the norms
    tokens[:, 6:] += change
    torch.testing.assert_close(tower.pool(tokens, is_token), base)
    tokens[:, 5] += change
    assert (tower.pool(tokens, is_token) - base).abs().max() > 1e-3


@torch.no_grad()
def test_every_word_counts_and_its_place_too(tower):
    ids = sentences(6)
    swapped = ids.clone()
    swapped[0, 2], swapped[0, 3] = ids[0, 3], ids[0, 2]
    assert (tower(swapped) - tower(ids)).abs().max() > 1e-3


@torch.no_grad()
def test_last_column_gives_way_to_the_class_token(tower):
    ids = sentences(5)
    torch.testing.assert_close(tower(ids[:, :-1]), tower(ids))
    ids[:, -1] = 7
    torch.testing.assert_close(tower(ids), tower(sentences(5)))
