from monai_ext.export import bundle_files


def test_what_runs_and_systems_leave_is_no_part_of_a_bundle(tmp_path):
    own = ["LICENSE", "configs/train.json", "docs/README.md", "models/model.pt"]
    left = ["eval/fold0/model.pt", "configs/__pycache__/a.pyc", ".DS_Store", "docs/.cache/x"]
    for name in own + left:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in bundle_files(tmp_path)]
    assert found == own
