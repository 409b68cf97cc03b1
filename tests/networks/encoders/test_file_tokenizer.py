import pytest
from tokenizers import BertWordPieceTokenizer

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.file_tokenizer import FileTokenizer

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "gland", "red", "##dish"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS))
    return tmp_path


def test_words_file_is_read_as_lower_case_bert(folder):
    assert FileTokenizer(folder, 8)(["Reddish", "a GLAND"]).tolist() == [[2, 6, 7, 3], [2, 1, 5, 3]]


def test_json_wins_over_the_words_file_and_says_the_same(folder):
    words = FileTokenizer(folder, 8)
    BertWordPieceTokenizer(str(folder / "vocab.txt")).save(str(folder / "tokenizer.json"))
    stored = FileTokenizer(folder, 8)
    assert stored(["reddish gland"]).tolist() == words(["reddish gland"]).tolist()
    assert stored.tokenizer_hash != words.tokenizer_hash
    assert stored.vocab_size == len(WORDS)


def test_rows_are_padded_to_the_longest_or_to_the_full_length(folder):
    assert FileTokenizer(folder, 8)(["red", "red gland red"]).shape == (2, 5)
    fixed = FileTokenizer(folder, 8, pad_id=4, fixed_length=True)(["red"])
    assert fixed.tolist() == [[2, 6, 3, 4, 4, 4, 4, 4]]


def test_long_rows_are_cut_and_keep_their_end(folder):
    assert FileTokenizer(folder, 4)(["red red red red"]).tolist() == [[2, 6, 6, 3]]


def test_hash_follows_words_and_rules(folder):
    first = FileTokenizer(folder, 8).tokenizer_hash
    assert FileTokenizer(folder, 9).tokenizer_hash != first
    (folder / "vocab.txt").write_text("\n".join([*WORDS, "more"]))
    assert FileTokenizer(folder, 8).tokenizer_hash != first


def test_missing_file_is_named(tmp_path):
    with pytest.raises(SettingError, match=r"no tokenizer at .*tokenizer.json"):
        FileTokenizer(tmp_path, 8)


def test_another_json_is_refused_in_one_line(tmp_path):
    (tmp_path / "tokenizer.json").write_text('{"a": 1}')
    with pytest.raises(SettingError, match=r"is no tokenizer.json \(.*\)") as caught:
        FileTokenizer(tmp_path, 8)
    assert "\n" not in str(caught.value)
