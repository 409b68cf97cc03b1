import os
import subprocess
import sys

from monai_ext.engines.extraction_stale import remove_stale_partials


def dead_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_only_partials_of_dead_processes_go(tmp_path):
    pid = dead_pid()
    stale = tmp_path / "a" / f".{pid}.partial.x\ny.h5"
    probe = tmp_path / f".{pid}.probe"
    living = tmp_path / f".{os.getpid()}.partial.x.h5"
    other = [tmp_path / ".hidden", tmp_path / f"{pid}.partial.h5"]
    for path in [stale, probe, living, *other]:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert sorted(remove_stale_partials(tmp_path)) == sorted([stale, probe])
    assert not stale.exists()
    assert all(path.exists() for path in [living, *other])
