"""Files of a bundle that are more than texts and pictures."""

import torch

from monai_ext.trust.carried_files import find_carried
from tests.trust.hostile_checkpoints import hostile_checkpoints, saved


def test_each_kind_is_told(tmp_path):
    for name in ("models", "docs", "wheels", "scripts"):
        (tmp_path / name).mkdir()
    torch.save({"a": torch.zeros(1)}, tmp_path / "models/model.pt")
    script = hostile_checkpoints(tmp_path / "elsewhere")["script"][1]
    (tmp_path / "models/model.ts").write_bytes(script)
    (tmp_path / "models/program.pt").write_bytes(script)
    (tmp_path / "models/evil.pkl").write_bytes(b"cos\nsystem\n.")
    (tmp_path / "docs/README.md").touch()
    (tmp_path / "wheels/lib.whl").touch()
    (tmp_path / "scripts/run.sh").touch()
    (tmp_path / "logging.conf").touch()
    (tmp_path / "torch_tools.py").touch()
    (tmp_path / "link").symlink_to("/etc")
    found = {one.where: (one.kind, bool(one.fault)) for one in find_carried(tmp_path)}
    assert found == {
        "models/model.pt": ("weights", False),
        "models/model.ts": ("programs", False),
        "models/program.pt": ("programs", False),
        "models/evil.pkl": ("weights", True),
        "wheels/lib.whl": ("code", False),
        "scripts/run.sh": ("code", False),
        "logging.conf": ("code", False),
        "torch_tools.py": ("code", False),
        "link": ("links", True),
    }


def test_a_program_in_the_place_of_weights_is_refused(tmp_path):
    (tmp_path / "model.pt").write_bytes(hostile_checkpoints(tmp_path)["script"][1])
    assert [(one.kind, "TorchScript" in one.fault) for one in find_carried(tmp_path)] == [
        ("weights", True)
    ]


def test_good_weights_pass(tmp_path):
    (tmp_path / "model.pt").write_bytes(saved({"a": torch.zeros(1)}))
    assert [one.fault for one in find_carried(tmp_path)] == [""]
