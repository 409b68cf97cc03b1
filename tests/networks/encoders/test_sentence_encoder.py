import pytest
import torch
from torch import nn

from monai_ext.networks.encoders import SentenceEncoder
from monai_ext.networks.encoders.hashing_tokenizer import HashingTokenizer


class Lengths(nn.Module):
    """A sentence's number of words, twice, and a weight."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([3.0, 4.0]))

    def forward(self, ids):
        return (ids > 2).sum(1, keepdim=True) * self.scale


def lengths(context_length=8):
    return SentenceEncoder(Lengths(), HashingTokenizer(64, context_length))


def test_vectors_are_unit_float32_constants_that_training_may_use():
    found = lengths().encode(["one two", "one"])
    torch.testing.assert_close(found, torch.tensor([[0.6, 0.8], [0.6, 0.8]]))
    weight = torch.ones(2, requires_grad=True)
    (found @ weight).sum().backward()  # an inference tensor could not be saved for this
    torch.testing.assert_close(weight.grad, torch.tensor([1.2, 1.6]))


def test_weights_are_frozen_and_dropout_is_off():
    encoder = lengths()
    assert not any(weight.requires_grad for weight in encoder.parameters())
    assert not encoder.backbone.training


def test_one_string_is_refused():
    with pytest.raises(ValueError, match=r"one string; encode takes a list: \[text\]"):
        lengths().encode("one two")


def test_blank_sentences_are_named():
    with pytest.raises(ValueError, match=r"texts \[1, 2\] are blank"):
        lengths().encode(["one", " ", ""])


def test_no_sentence_gives_no_row():
    encoder = lengths()
    encoder.embed_dim = 2
    assert encoder.encode([]).shape == (0, 2)


def test_hashes_follow_weights_and_tokenizer():
    first, other = lengths(), lengths(context_length=9)
    assert first.weight_hash == other.weight_hash
    assert first.tokenizer_hash != other.tokenizer_hash
    other.backbone.scale.data[0] = 5.0
    assert first.weight_hash != other.weight_hash


def test_is_aligned_with_nothing_unless_it_says_so():
    assert lengths().aligned_with == ()
    assert lengths().missing() is None
