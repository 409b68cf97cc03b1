"""``torch.export`` programs of networks, with free batches, sides and instances."""

from __future__ import annotations

from typing import Any

import torch
from torch.export import Dim, ExportedProgram

from monai_ext.export.fixed_padding import with_fixed_padding
from monai_ext.export.input_form import InputForm

MOST_STRIDES = 1024
"""Bound of an image's side, in strides of the network."""


def export_program(network: torch.nn.Module, form: InputForm) -> ExportedProgram:
    """Export a network.

    A bag may have any number of instances, 1 and more, one bag a call. Images come in batches of
    any size; sides that the metadata leave free are multiples of the network's stride, two at
    least, because padding to them is not part of the program. The caller pads or chooses its
    windows so.

    Args:
        network: in evaluation mode; one that takes free sides has ``multiple``, its stride.
        form: of its input.

    Raises:
        torch.export's errors, where the network cannot be exported.
    """
    example, free = _example(form, stride_of(network))
    traced = with_fixed_padding(network) if None in form.sides and form.is_image else network
    with torch.no_grad():
        program = torch.export.export(traced, (example,), dynamic_shapes=(free,))
    for module in program.graph_module.modules():
        for node in module.graph.nodes if isinstance(module, torch.fx.GraphModule) else ():
            node.meta.pop("stack_trace", None)  # it names source files of this machine
    return program


def stride_of(network: torch.nn.Module) -> int:
    """Multiple that an exported program wants the sides of its images to be."""
    return int(getattr(network, "multiple", 1))


def _example(form: InputForm, stride: int) -> tuple[torch.Tensor, dict[int, Any]]:
    rng = torch.Generator().manual_seed(0)
    axes = [2 + k for k, side in enumerate(form.sides) if side is None]
    if not form.is_image:
        return form.example([33], rng), {2: Dim("instances", min=1)}
    sides = [stride * (2 + k) for k in range(len(axes))]
    free: dict[int, Any] = {0: Dim("batch", min=1)}
    for axis in axes:
        free[axis] = stride * Dim(f"strides_{axis}", min=2, max=MOST_STRIDES)
    return form.example(sides, rng, batch=2), free
