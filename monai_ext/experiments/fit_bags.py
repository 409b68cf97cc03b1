"""A short, seeded training loop for bags that fit in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class FitSettings:
    """AdamW with a linear warm-up over a tenth of the steps, then half a cosine to zero.

    Args:
        epochs: passes over the training bags.
        learning_rate: the highest.
        weight_decay: decoupled.
        batch_size: bags a step.
    """

    epochs: int
    learning_rate: float
    weight_decay: float
    batch_size: int


class CrossEntropyObjective(nn.Module):
    """Cross-entropy of a network's logits: the objective of a method that has no other."""

    def forward(self, network: nn.Module, bags: Tensor, labels: Tensor) -> Tensor:
        """A scalar, of bags ``[B, 4 + D, N]`` and labels ``[B]``."""
        return nn.functional.cross_entropy(network(bags), labels)


def fit_bags(
    build: Callable[[], nn.Module],
    bags: Tensor,
    labels: Tensor,
    settings: FitSettings,
    seed: int,
    objective: Callable[[], nn.Module] = CrossEntropyObjective,
) -> nn.Module:
    """Build and train a network; the global random state is as before afterwards.

    Args:
        build: gives the network; its initialisation follows ``seed``.
        bags: ``[S, 4 + D, N]`` of one length.
        labels: ``[S]`` long.
        settings: of the training.
        seed: decides initialisation, order and dropout.
        objective: gives the training objective, ``forward(network, bags, labels) -> loss``; its
            own parameters are optimised with the network's.

    Returns:
        The network in evaluation mode.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # noqa: TID251  (within a forked state: layers draw from it)
        network, asked = build().train(), objective().train()
        steps = -(-len(bags) // settings.batch_size)
        parameters = [*network.parameters(), *asked.parameters()]
        optimizer = torch.optim.AdamW(
            parameters, settings.learning_rate, weight_decay=settings.weight_decay
        )
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, settings.learning_rate, settings.epochs * steps, pct_start=0.1
        )
        for _ in range(settings.epochs):
            for chosen in torch.randperm(len(bags)).split(settings.batch_size):
                loss = asked(network, bags[chosen], labels[chosen])
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(parameters, 5.0)
                optimizer.step()
                scheduler.step()
    return network.eval()


def score_bags(network: nn.Module, bags: Tensor, batch_size: int) -> Tensor:
    """Log odds of class 1 of each bag, ``[S]``."""
    with torch.inference_mode():
        logits = torch.cat([network(part) for part in bags.split(batch_size)])
    return logits[:, 1] - logits[:, 0]
