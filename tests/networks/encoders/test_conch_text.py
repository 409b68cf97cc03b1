import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import ConchText
from monai_ext.networks.encoders.conch_model import load_conch

WORDS = ["<pad>", "<start_of_text>", "<end_of_text>", "gland", "stroma", "red"]


def write_tokenizer(path, *, size=1024, framed=True):
    """A word tokenizer in the form of CONCH's file; none of its content."""
    vocab = {word: k for k, word in enumerate(WORDS)}
    vocab |= {f"w{k}": k for k in range(len(WORDS), size)}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="red"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if framed:
        frame = [("<start_of_text>", 1), ("<end_of_text>", 2)]
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<start_of_text> $A <end_of_text>", special_tokens=frame
        )
    tokenizer.save(str(path))
    return path


@pytest.fixture
def checkpoint(tmp_path):
    torch.save(load_conch(None, "tiny", "x", seed=2).state_dict(), tmp_path / "pytorch_model.bin")
    return tmp_path / "pytorch_model.bin"


def test_tokenizer_is_found_next_to_the_checkpoint(checkpoint, tmp_path):
    write_tokenizer(tmp_path / "tokenizer.json")
    encoder = ConchText(checkpoint, preset="tiny")
    ids = encoder.tokenizer(["gland stroma"])
    assert ids.shape == (1, 127)
    assert ids[0, :5].tolist() == [1, 3, 4, 2, 0]


def test_vectors_are_those_of_the_ids(checkpoint, tmp_path):
    tower = load_conch(None, "tiny", "x", seed=2).text.eval()
    encoder = ConchText(checkpoint, write_tokenizer(tmp_path / "t.json"), preset="tiny")
    ids = torch.zeros(1, 128, dtype=torch.long)
    ids[0, :4] = torch.tensor([1, 3, 4, 2])
    wanted = torch.nn.functional.normalize(tower(ids), dim=-1).detach()
    torch.testing.assert_close(encoder.encode(["gland stroma"]), wanted)


def test_long_sentence_keeps_its_end(checkpoint, tmp_path):
    encoder = ConchText(checkpoint, write_tokenizer(tmp_path / "t.json"), preset="tiny")
    ids = encoder.tokenizer(["gland " * 300])
    assert ids[0, [0, 125, 126]].tolist() == [1, 3, 2]


def test_missing_tokenizer_says_where_it_is(checkpoint):
    with pytest.raises(SettingError, match=r"no tokenizer at .*conch_byte_level_bpe_uncased.json"):
        ConchText(checkpoint, preset="tiny")


@pytest.mark.parametrize("change", [{"size": 1000}, {"framed": False}], ids=str)
def test_another_models_tokenizer_is_refused(checkpoint, tmp_path, change):
    other = write_tokenizer(tmp_path / "t.json", **change)
    with pytest.raises(SettingError, match=r"is not CONCH's tokenizer .*start 1, end 2"):
        ConchText(checkpoint, other, preset="tiny")


def test_stand_in_needs_no_file_and_names_its_partner():
    encoder = ConchText(preset="tiny")
    similar = encoder.encode(["a gland", "a gland", "red stroma"])
    similar = similar @ similar.T
    torch.testing.assert_close(similar[0, 1], torch.tensor(1.0))
    assert similar[0, 2] < 0.99
    assert encoder.aligned_with == ("conch_v1_contrast_tiny",)
    assert ConchText.aligned_with == ("conch_v1_contrast",)


def test_full_tower_needs_weights():
    with pytest.raises(SettingError, match=r"conch_v1_text without weights.*MahmoodLab/CONCH"):
        ConchText()
