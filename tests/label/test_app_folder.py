import pytest

from monai_ext.errors import SettingError
from monai_ext.label.app_folder import make_app
from tests.label.label_parts import write_classifier


def names(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_a_run_is_copied_without_its_logs_and_data(tmp_path):
    run = write_classifier(tmp_path / "runs/my abmil")
    (run / "events.out.tfevents.1").touch()
    (run / "predictions.csv").touch()
    assert make_app(tmp_path / "app", [run]) == ["my abmil"]
    kept = ["inference.json", "metadata.json", "model.pt"]
    assert names(tmp_path / "app") == ["main.py", *(f"model/my abmil/{name}" for name in kept)]
    main = (tmp_path / "app/main.py").read_text()
    assert "from monai_ext.label.app import PathologyApp" in main


def test_a_bundle_keeps_its_form(tmp_path):
    run = write_classifier(tmp_path / "run")
    bundle = tmp_path / "pathology_x_classification"
    (bundle / "configs").mkdir(parents=True)
    (bundle / "models").mkdir()
    for name in ("inference.json", "metadata.json"):
        (bundle / "configs" / name).write_bytes((run / name).read_bytes())
    (bundle / "models/model.pt").write_bytes((run / "model.pt").read_bytes())
    (bundle / "LICENSE").write_text("x")
    make_app(tmp_path / "app", [bundle])
    assert "model/pathology_x_classification/configs/metadata.json" in names(tmp_path / "app")
    assert "model/pathology_x_classification/LICENSE" in names(tmp_path / "app")


def test_a_model_is_replaced_and_others_stay(tmp_path):
    one, other = (write_classifier(tmp_path / name) for name in ("one", "other"))
    make_app(tmp_path / "app", [one, other])
    (one / "run.json").write_text("{}")
    (one / "metadata.json").unlink()
    make_app(tmp_path / "app", [one])
    assert (tmp_path / "app/model/one/run.json").is_file()
    assert not (tmp_path / "app/model/one/metadata.json").exists()
    assert (tmp_path / "app/model/other/model.pt").is_file()


def test_a_model_of_the_app_itself_is_not_destroyed(tmp_path):
    make_app(tmp_path / "app", [write_classifier(tmp_path / "one")])
    with pytest.raises(SettingError, match="served by this app already"):
        make_app(tmp_path / "app", [tmp_path / "app/model/one"])
    assert (tmp_path / "app/model/one/model.pt").is_file()


def test_weights_of_before_trainings_stay(tmp_path):
    one = write_classifier(tmp_path / "one")
    make_app(tmp_path / "app", [one])
    kept = tmp_path / "app/model/one/earlier/20260101-000000/model.pt"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"weights")
    make_app(tmp_path / "app", [one])
    assert kept.read_bytes() == b"weights"
    assert [path.name for path in (tmp_path / "app/model").iterdir()] == ["one"]


def test_two_models_of_one_name_are_refused(tmp_path):
    runs = [write_classifier(tmp_path / name / "run") for name in ("a", "b")]
    with pytest.raises(SettingError, match="occurs once"):
        make_app(tmp_path / "app", runs)
    assert not (tmp_path / "app").exists()


def test_what_is_no_model_is_named_before_anything_is_written(tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(SettingError, match=r"has no inference\.json"):
        make_app(tmp_path / "app", [tmp_path / "x"])
    assert not (tmp_path / "app").exists()
