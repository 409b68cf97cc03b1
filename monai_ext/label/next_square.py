"""Which square a person should annotate next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monai_ext.errors import SettingError
from monai_ext.label.square_scores import SquareScores

STRATEGIES = {
    "uncertainty": "the square whose pixels the model is least sure of",
    "coverage": "the square that is least like any annotated one, by the model's prototype space",
    "random": "any square",
}


def next_square(
    strategy: str, candidates: SquareScores, annotated: NDArray[np.float64], seed: int
) -> int:
    r"""Choose one of the candidates.

    ``coverage`` is farthest-first: :math:`\arg\max_i \min_j (1 - v_i \cdot a_j)` over annotated
    a_j; with none annotated the candidate that is most like all others.

    Args:
        strategy: a key of ``STRATEGIES``.
        candidates: N of them.
        annotated: ``[M, d]`` unit vectors of what was annotated; M may be 0.
        seed: of ``random``.

    Returns:
        Its index.

    Raises:
        SettingError: for another strategy, or no candidate.
    """
    if strategy not in STRATEGIES:
        names = ", ".join(STRATEGIES)
        raise SettingError(f"strategy {strategy!r}", f"it is one of {names}", "mend the request")
    if not len(candidates.entropy):
        raise SettingError(
            "no tissue is left to annotate", "a strategy chooses among squares", "add slides"
        )
    if strategy == "uncertainty":
        return int(candidates.entropy.argmax())
    if strategy == "random":
        return int(np.random.default_rng(seed).integers(len(candidates.entropy)))
    if not len(annotated):
        return int((candidates.vectors @ candidates.vectors.mean(0)).argmax())
    return int((1 - candidates.vectors @ annotated.T).min(1).argmax())
