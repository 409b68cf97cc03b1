"""Vectors of sentences survive the disk, and what does not fit is refused in one line."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from monai_ext.errors import SettingError
from monai_ext.networks.encoders import TinyText
from monai_ext.networks.encoders.prompt_vectors import (
    PromptVectors,
    embed_prompts,
    read_prompt_vectors,
    write_prompt_vectors,
)

SENTENCES = [["white ground"], ["a red disc", 'a "round" thing']]


@pytest.fixture
def vectors():
    return embed_prompts(SENTENCES, ["ground", "disc"], TinyText(embed_dim=6))


def test_rows_are_the_encoders_with_class_and_origin(vectors):
    encoder = TinyText(embed_dim=6)
    torch.testing.assert_close(vectors.texts, encoder.encode(SENTENCES[0] + SENTENCES[1]))
    assert vectors.classes == ("ground", "disc", "disc")
    assert vectors.sentences == ("white ground", "a red disc", 'a "round" thing')
    assert (vectors.encoder_id, vectors.licence) == ("tiny_text", "Apache-2.0")
    assert vectors.weight_hash == encoder.weight_hash


def test_writing_and_reading_give_the_same(vectors, tmp_path):
    again = read_prompt_vectors(write_prompt_vectors(tmp_path / "new" / "v.safetensors", vectors))
    torch.testing.assert_close(again.texts, vectors.texts)
    assert (
        replace(again, texts=torch.zeros(0)).__dict__.items()
        >= {
            "classes": vectors.classes,
            "sentences": vectors.sentences,
            "encoder_id": vectors.encoder_id,
            "weight_hash": vectors.weight_hash,
            "licence": vectors.licence,
        }.items()
    )
    changed = replace(again, texts=again.texts.flip(0))
    assert changed.text_hash != again.text_hash


def test_a_file_of_others_needs_only_vectors_and_classes(tmp_path):
    rows = torch.tensor([[3.0, 4.0], [0.0, -2.0]], dtype=torch.float16)
    metadata = {"classes": json.dumps(["b", "a"]), "texts": "x", "format": "pt"}
    save_file({"texts": rows}, tmp_path / "v.safetensors", metadata=metadata)
    found = read_prompt_vectors(tmp_path / "v.safetensors")
    np.testing.assert_allclose(found.texts.numpy(), [[0.6, 0.8], [0.0, -1.0]], atol=1e-6)
    assert found.texts.dtype == torch.float32
    assert (found.classes, found.sentences, found.licence) == (("b", "a"), (), "unknown")


def test_rows_are_found_in_the_order_of_the_splits_classes(vectors):
    shuffled = replace(vectors, classes=("disc", "ground", "disc"))
    assert shuffled.rows_of(["ground", "disc"]) == [[1], [0, 2]]
    assert shuffled.rows_of(["disc", "ground"]) == [[0, 2], [1]]


@pytest.mark.parametrize("names", [["ground"], ["ground", "disc", "disc"], ["ground", "box"]])
def test_other_classes_are_refused(vectors, names):
    message = rf"2 classes \['ground', 'disc'\], the split has {len(names)} "
    with pytest.raises(SettingError, match=message):
        vectors.rows_of(names)


@pytest.mark.parametrize(
    ("texts", "more", "message"),
    [
        (torch.zeros(2, 3), {}, "a row of zeros"),
        (torch.tensor([[1.0, 0.0], [1.0, torch.nan]]), {}, "or no numbers"),
        (torch.tensor([[1.0, 0.0], [1.0, torch.inf]]), {}, "or no numbers"),
        (torch.ones(2, 3, 1), {}, r"texts are torch.float32 \(2, 3, 1\)"),
        (torch.tensor(1.0), {}, r"texts are torch.float32 \(\); 0 rows have 2 classes"),
        (torch.ones(0, 3), {"classes": ()}, r"texts are torch.float32 \(0, 3\)"),
        (torch.ones(2, 3, dtype=torch.long), {}, "texts are torch.int64"),
        (torch.eye(2), {"classes": ("a",)}, "2 rows have 1 classes"),
        (torch.eye(2), {"sentences": ("a disc",)}, "2 rows have 1 sentences"),
    ],
)
def test_unsound_vectors_are_neither_written_nor_read(tmp_path, texts, more, message):
    given = {"classes": ("a", "b"), "sentences": ()} | more
    with pytest.raises(SettingError, match=message):
        write_prompt_vectors(tmp_path / "v.safetensors", PromptVectors(texts=texts, **given))
    assert not (tmp_path / "v.safetensors").exists()
    metadata = {key: json.dumps(rows) for key, rows in given.items()}
    save_file({"texts": texts}, tmp_path / "v.safetensors", metadata=metadata)
    with pytest.raises(SettingError, match=message) as caught:
        read_prompt_vectors(tmp_path / "v.safetensors")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fault", ["missing", "folder", "bytes", "no tensor", "no json", "number"])
def test_a_file_that_cannot_be_read_is_named_in_one_line(tmp_path, fault):
    path = tmp_path / "v.safetensors"
    if fault == "folder":
        path.mkdir()
    elif fault == "bytes":
        path.write_bytes(b"nothing")
    elif fault != "missing":
        name = "rows" if fault == "no tensor" else "texts"
        classes = {"no json": "[", "number": "3"}.get(fault, '["a"]')
        save_file({name: torch.ones(1, 2)}, path, metadata={"classes": classes})
    with pytest.raises(SettingError, match=r"v\.safetensors cannot be read \(") as caught:
        read_prompt_vectors(path)
    assert "\n" not in str(caught.value)
