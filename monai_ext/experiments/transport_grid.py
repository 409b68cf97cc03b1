"""How a trained transport stands other entropic weights and numbers of iterations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from monai_ext.errors import SettingError
from monai_ext.experiments.held_out_bags import held_out_bags
from monai_ext.experiments.metrics import classification_metrics
from monai_ext.experiments.results_table import results_table
from monai_ext.export import find_model, trained_network


def transport_grid(
    run: Path | str,
    datalist: Path | str,
    *,
    epsilons: Sequence[float],
    iterations: Sequence[int],
) -> str:
    """Test a trained run with every pair of settings, weights as they are.

    Args:
        run: folder of a training of a network whose ``explain`` has a plan.
        datalist: split whose held-out part is tested.
        epsilons: entropic weights.
        iterations: numbers of Sinkhorn iterations.

    Returns:
        A table: largest error of a plan's columns (summed over them; all mass is 1), share of
        slides with finite logits, whether all gradients of the first slide are finite, largest
        change of a logit against the trained settings, and AUC.

    Raises:
        SettingError: if the network has no plan.
    """
    bags, model = list(held_out_bags(datalist)), find_model(Path(str(run)))
    reference, _ = _answers(trained_network(model), bags)
    labels = [label for _, label in bags]
    found = {}
    for epsilon in epsilons:
        for n_iters in iterations:
            network = trained_network(model, {"epsilon": epsilon, "n_iters": n_iters})
            logits, error = _answers(network, bags)
            p = logits.double().softmax(1).nan_to_num(1 / logits.shape[1])
            found[f"epsilon {epsilon:g}, {n_iters} iterations"] = {
                "column error": error,
                "finite": float(logits.isfinite().all(1).double().mean()),
                "finite gradient": float(_has_finite_gradient(network, *bags[0])),
                "logit change": float((logits - reference).abs().max()),
                "auc": classification_metrics(labels, p.numpy())["auc"],
            }
    return results_table(found, digits=5)


def _answers(network: Any, bags: Sequence[tuple[Tensor, int]]) -> tuple[Tensor, float]:
    logits, errors = [], []
    with torch.inference_mode():
        for bag, _ in bags:
            found = network.explain(bag)
            if found.get("plan", torch.zeros(0)).numel() == 0:
                raise SettingError(
                    f"{type(network).__name__} has no transport plan",
                    "the grid is of transport settings",
                    "give a run trained with fusion=sot",
                )
            logits.append(found["logits"])
            errors.append(float(found["plan_error"].max()))
    return torch.cat(logits), max(errors)


def _has_finite_gradient(network: Any, bag: Tensor, label: int) -> bool:
    network.zero_grad()
    torch.nn.functional.cross_entropy(network(bag), torch.tensor([label])).backward()
    grads = [p.grad for p in network.parameters() if p.grad is not None]
    return all(bool(g.isfinite().all()) for g in grads)
