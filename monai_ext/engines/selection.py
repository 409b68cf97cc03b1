"""Which epoch is the best one, and when no better one is to be expected."""

from __future__ import annotations

import math
from collections.abc import Callable

from ignite.engine import Engine


def is_lower(current: float, best: float) -> bool:
    """Whether ``current`` beats ``best`` where small is good; a number beats ``nan``.

    Example:
        >>> is_lower(0.2, 0.3), is_lower(float("nan"), 0.3), is_lower(0.2, float("nan"))
        (True, False, True)
    """
    return current < best or (math.isnan(best) and not math.isnan(current))


def metric_score(name: str, *, lower_is_better: bool = False) -> Callable[[Engine], float]:
    """A score of an engine for early stopping, where high is good; ``nan`` never improves.

    Args:
        name: the metric in ``engine.state.metrics``.
        lower_is_better: turn its sign.
    """

    def score(engine: Engine) -> float:
        value = float(engine.state.metrics[name])
        if math.isnan(value):
            return -math.inf
        return -value if lower_is_better else value

    return score
