"""A linear score a region, and the best regions decide: finding one among many."""

from __future__ import annotations

from math import log

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


class RegionScorer:
    r"""Logistic regression on the log-sum-exp of linear region scores, from bag labels.

    .. math::
        y = b + \tau \log \frac{1}{M} \sum_r \exp(\langle w, x_r \rangle / \tau)

    At :math:`w = 0` the gradient is that of mean pooling; with growing scores the sum turns
    into the maximum. Trained by L-BFGS on all bags, as logistic regression is.

    Args:
        penalty: inverse strength of the L2 penalty on w (C of scikit-learn).
        temperature: :math:`\tau`, in units of the score.
        iterations: at most.
    """

    def __init__(self, penalty: float, temperature: float = 1.0, iterations: int = 200) -> None:
        self.penalty, self.temperature, self.iterations = penalty, temperature, iterations
        self.weight = torch.zeros(0, dtype=torch.float64)
        self.bias = torch.zeros(1, dtype=torch.float64)

    def fit(self, regions: Tensor, labels: Tensor) -> RegionScorer:
        """Train.

        Args:
            regions: ``[S, M, F]``.
            labels: ``[S]`` 0 or 1.

        Returns:
            Itself.
        """
        x, y = regions.double(), labels.double()
        self.weight = torch.zeros(x.shape[-1], dtype=torch.float64, requires_grad=True)
        self.bias = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS(
            [self.weight, self.bias], max_iter=self.iterations, line_search_fn="strong_wolfe"
        )

        def loss() -> Tensor:
            optimizer.zero_grad()
            misfit = binary_cross_entropy_with_logits(self._bag_logit(x), y, reduction="sum")
            total = misfit + 0.5 / self.penalty * self.weight.square().sum()
            total.backward()
            return total

        optimizer.step(loss)
        return self

    def score(self, regions: Tensor) -> Tensor:
        """Logit of each bag, ``[S]``."""
        with torch.no_grad():
            return self._bag_logit(regions.double())

    def region_score(self, regions: Tensor) -> Tensor:
        """Score of each region, ``[S, M]``."""
        with torch.no_grad():
            return regions.double() @ self.weight

    def _bag_logit(self, x: Tensor) -> Tensor:
        scores = x @ self.weight / self.temperature
        return self.temperature * (scores.logsumexp(1) - log(x.shape[1])) + self.bias
