import torch

from monai_ext.networks.encoders.hashing_tokenizer import HashingTokenizer


def test_row_is_start_words_end_and_padding():
    row = HashingTokenizer(1000, 8)(["two words"])[0]
    assert row.dtype == torch.long
    assert (row[0], row[3]) == (1, 2)
    assert (row[1:3] > 2).all()
    assert row[4:].tolist() == [0] * 4


def test_case_does_not_matter_and_signs_are_words():
    tokenizer = HashingTokenizer(1000, 8)
    assert torch.equal(tokenizer(["Gland, red"]), tokenizer(["gland ,  RED"]))
    assert (tokenizer(["gland, red"])[0] != 0).sum() == 5


def test_long_sentence_is_cut_and_keeps_its_end():
    row = HashingTokenizer(1000, 5)(["a b c d e f"])[0]
    assert torch.equal(row[1:4], HashingTokenizer(1000, 5)(["a b c"])[0, 1:4])
    assert row[4] == 2


def test_ids_stay_inside_the_vocabulary():
    ids = HashingTokenizer(8, 200)([" ".join(str(n) for n in range(180))])
    assert set(ids.unique().tolist()) == set(range(8))
