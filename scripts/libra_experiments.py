"""Experiments with Libra-MIL that cross-validation alone does not answer.

python scripts/libra_experiments.py prompts --splits splits --texts a.safetensors,b.safetensors --output EXP
python scripts/libra_experiments.py stability --model RUN --datalist splits/fold0.json
python scripts/libra_experiments.py retrieval --model RUN --datalist splits/fold0.json
"""  # noqa: E501

from __future__ import annotations

from typing import Any

import fire

from monai_ext.errors import MonaiExtError
from monai_ext.experiments.bank_retrieval import bank_retrieval
from monai_ext.experiments.prompt_robustness import prompt_robustness
from monai_ext.experiments.transport_grid import transport_grid


def prompts(splits: str, texts: Any, output: str, **overrides: Any) -> str:
    """Cross-validate with each of several files of embedded texts.

    Args:
        splits: folder of datalists.
        texts: files, joined by commas.
        output: folder of the experiment.
        overrides: config ids of the bundle.
    """
    files = texts.split(",") if isinstance(texts, str) else list(texts)
    return _plain(prompt_robustness, splits, files, output, overrides=overrides)


def stability(
    model: str,
    datalist: str,
    epsilons: tuple[float, ...] = (0.005, 0.01, 0.05, 0.1, 0.5),
    iterations: tuple[int, ...] = (5, 10, 20, 50, 200),
) -> str:
    """Test a trained run at other entropic weights and numbers of iterations.

    Args:
        model: run folder.
        datalist: split; its held-out part is tested.
        epsilons: entropic weights.
        iterations: numbers of iterations.
    """
    return _plain(transport_grid, model, datalist, epsilons=epsilons, iterations=iterations)


def retrieval(model: str, datalist: str, tiles: int = 50) -> str:
    """Cross-modal retrieval accuracy between the banks of a trained run.

    Args:
        model: run folder.
        datalist: split; its held-out part is looked at.
        tiles: for each text prototype.
    """
    return _plain(bank_retrieval, model, datalist, tiles=tiles)


def _plain(run: Any, *args: Any, **kwargs: Any) -> str:
    try:
        return run(*args, **kwargs)
    except MonaiExtError as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from None


if __name__ == "__main__":
    fire.Fire({"prompts": prompts, "stability": stability, "retrieval": retrieval})
