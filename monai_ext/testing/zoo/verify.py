"""All checks of a bundle, in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from monai_ext.testing.zoo.files import check_files, check_private_paths, check_sizes
from monai_ext.testing.zoo.metadata import check_metadata, check_requirements
from monai_ext.testing.zoo.network import check_export, check_forms, check_network
from monai_ext.testing.zoo.outcome import Check, Outcome, outcome_of
from monai_ext.testing.zoo.processes import check_processes
from monai_ext.testing.zoo.workflow import check_inference, check_properties, check_training

CHECKS: dict[str, tuple[Check, str]] = {
    "files": (check_files, "files"),
    "sizes": (check_sizes, "files"),
    "private paths": (check_private_paths, "files"),
    "metadata": (check_metadata, "metadata"),
    "requirements": (check_requirements, "metadata"),
    "properties": (check_properties, "properties"),
    "network in and out": (check_network, "network"),
    "ckpt_export": (check_export, "network"),
    "exports": (check_forms, "network"),
    "one epoch": (check_training, "trial"),
    "one inference": (check_inference, "trial"),
    "two processes": (check_processes, "processes"),
}
"""Check, and the folder it works in: an inference follows the epoch in the same one."""


def verify_bundles(
    bundles: Sequence[Path],
    folder: Path,
    names: Sequence[str] = (),
    show: Callable[[str], object] = str,
) -> Iterator[Outcome]:
    """Outcomes one by one, bundle after bundle.

    Args:
        bundles: their folders.
        folder: for what the checks write.
        names: checks, see ``CHECKS``; empty: all.
        show: told what begins.
    """
    for bundle in bundles:
        for name in names or CHECKS:
            show(f"{bundle.name}: {name}")
            check, place = CHECKS[name]
            yield outcome_of(name, check, bundle, folder / bundle.name / place)
