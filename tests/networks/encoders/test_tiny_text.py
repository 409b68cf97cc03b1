import torch

from monai_ext.networks.encoders import TinyText


def test_shared_words_bring_sentences_near_each_other():
    found = TinyText(embed_dim=256).encode(["red gland", "gland red", "red stroma", "blue sky"])
    similar = found @ found[0]
    torch.testing.assert_close(similar[1], torch.tensor(1.0))
    torch.testing.assert_close(similar[2], torch.tensor(0.5), atol=0.15, rtol=0)
    assert similar[3].abs() < 0.2


def test_seed_decides_and_is_repeatable():
    first, again, other = TinyText(seed=1), TinyText(seed=1), TinyText(seed=2)
    assert torch.equal(first.encode(["a"]), again.encode(["a"]))
    assert (first.encode(["a"]) - other.encode(["a"])).abs().max() > 0.1
    assert first.weight_hash == again.weight_hash != other.weight_hash


def test_a_sentence_does_not_depend_on_its_neighbours():
    encoder = TinyText()
    alone = encoder.encode(["short"])
    torch.testing.assert_close(encoder.encode(["short", "a much longer one " * 9])[:1], alone)
