"""What each of two processes does in ``test_several_processes``: all runs of a file, in turn.

``torchrun --standalone --nproc_per_node=2 -m tests.bundles.process_runs RUNS.json``
"""

import json
import sys
from pathlib import Path

import torch
from monai.bundle import ConfigWorkflow

from monai_ext.hashing import state_hash
from monai_ext.networks.blocks.prototype_bank import PrototypeBank


def run(bundle, values):
    files = [str(Path(bundle) / "configs" / f) for f in ("train.json", "multi_gpu_train.json")]
    workflow = ConfigWorkflow(files, workflow_type="train", logging_file=False, **values)
    workflow.initialize()
    workflow.run()
    sync = workflow.parser.get_parsed_content("sync")
    rank = workflow.parser.get_parsed_content("processes").rank
    Path(values["output_dir"], f"rank{rank}.txt").write_text(state_hash(sync.modules.state_dict()))
    return workflow


BANK = 3, 2, 4
"""Classes, prototypes a class and width of a bank."""


def bank_pixels(rank):
    """Unit vectors, labels and assignments of a process; the last class has too few pixels."""
    rng = torch.Generator().manual_seed(rank)
    pixels = torch.nn.functional.normalize(torch.randn(21, BANK[2], generator=rng), dim=1)
    labels = torch.tensor([0, 1] * 10 + [2])
    return pixels, labels, torch.randint(0, BANK[1], (21,), generator=rng)


def share_bank(folder):
    """Start a bank and move it, each process by its own pixels."""
    rank, bank = torch.distributed.get_rank(), PrototypeBank(*BANK, momentum=0.5)
    pixels, labels, assignment = bank_pixels(rank)
    bank.start(pixels, labels)
    bank.update(pixels, labels, assignment)
    torch.save(bank.state_dict(), folder / f"bank{rank}.pt")


if __name__ == "__main__":
    ended = [run(**each) for each in json.loads(Path(sys.argv[1]).read_text())]
    share_bank(Path(sys.argv[1]).parent / "two")
    ended[-1].finalize()  # once: processes that left cannot meet again under the same address
