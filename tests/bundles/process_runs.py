"""What each of two processes does in ``test_several_processes``: all runs of a file, in turn.

``torchrun --standalone --nproc_per_node=2 -m tests.bundles.process_runs RUNS.json``
"""

import json
import sys
from pathlib import Path

from monai.bundle import ConfigWorkflow

from monai_ext.hashing import state_hash


def run(bundle, values):
    files = [str(Path(bundle) / "configs" / f) for f in ("train.json", "multi_gpu_train.json")]
    workflow = ConfigWorkflow(files, workflow_type="train", logging_file=False, **values)
    workflow.initialize()
    workflow.run()
    sync = workflow.parser.get_parsed_content("sync")
    rank = workflow.parser.get_parsed_content("processes").rank
    Path(values["output_dir"], f"rank{rank}.txt").write_text(state_hash(sync.modules.state_dict()))
    return workflow


if __name__ == "__main__":
    ended = [run(**each) for each in json.loads(Path(sys.argv[1]).read_text())]
    ended[-1].finalize()  # once: processes that left cannot meet again under the same address
