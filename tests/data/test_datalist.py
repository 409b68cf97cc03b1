import json
import shutil

import pytest

from monai_ext.data import (
    Split,
    check_features,
    find_features,
    load_datalist,
    write_datalist,
)
from monai_ext.errors import CohortError
from tests.data.feature_files import cohort_of, write_levels

ROWS = [(f"s {k}#ü", f"p{k // 2}", "ab"[k % 2]) for k in range(6)]
SPLIT = Split(
    "fold0",
    training=("s 0#ü", "s 1#ü"),
    validation=("s 2#ü", "s 3#ü"),
    test=("s 4#ü", "s 5#ü"),
    settings={"seed": 7, "fold": 0},
)


@pytest.fixture
def written(tmp_path):
    """A datalist in one folder, its features in another."""
    for name, _, _ in ROWS:
        write_levels(tmp_path / "job" / "features", name)
    cohort = cohort_of(ROWS)
    features = check_features(find_features(tmp_path / "job" / "features"), [r[0] for r in ROWS])
    return write_datalist(tmp_path / "job" / "splits" / "fold0.json", SPLIT, cohort, features)


def _edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_it_reads_back(written):
    found = load_datalist(written)
    assert [one["slide"] for one in found.training] == ["s 0#ü", "s 1#ü"]
    assert [one["label"] for one in found.validation] == [0, 1]
    assert [one["patient"] for one in found.test] == ["p2", "p2"]
    assert (found.class_names, found.num_classes) == (["a", "b"], 2)
    assert (found.in_channels, found.levels, found.seed) == ([6, 6], [0, 1], 7)
    assert found.cohort_hash == cohort_of(ROWS).cohort_hash
    assert found.other["settings"] == {"seed": 7, "fold": 0}
    assert found.other["encoder_ids"] == ["tiny", "tiny"]


def test_paths_are_relative_in_the_file_and_absolute_when_read(written):
    stored = json.loads(written.read_text())["training"][0]["image"]
    assert stored[0] == "../features/20x_256px_0px_overlap/features_tiny/s 0#ü.h5"
    found = load_datalist(written).training[0]["image"]
    assert found[1] == str(
        written.parents[1] / "features/10x_256px_0px_overlap/features_tiny/s 0#ü.h5"
    )


def test_the_whole_job_can_be_moved(written, tmp_path):
    before = load_datalist(written)
    shutil.move(tmp_path / "job", tmp_path / "elsewhere")
    after = load_datalist(tmp_path / "elsewhere" / "splits" / "fold0.json")
    assert "elsewhere" in after.training[0]["image"][0]
    assert after.split_hash == before.split_hash


def test_split_hash_knows_what_is_where(written):
    before = load_datalist(written).split_hash
    _edit(
        written,
        lambda c: (
            c["training"].append(c["validation"].pop()) or c["training"][-1].update(patient="p0")
        ),
    )
    assert load_datalist(written).split_hash != before


def test_class_weights_balance(written):
    def change(content):
        for number in range(2):
            content["training"].append({**content["training"][0], "slide": f"x{number}"})

    _edit(written, change)
    found = load_datalist(written)
    assert found.class_weights == pytest.approx([4 / (2 * 3), 4 / (2 * 1)])


def test_a_slide_path_in_place_of_features_is_allowed(written):
    (written.parent / "slide.svs").touch()
    _edit(written, lambda c: c["test"][0].update(image="slide.svs"))
    assert load_datalist(written).test[0]["image"] == str(written.parent / "slide.svs")


def _move_patient(content):
    content["test"][0]["patient"] = "p0"


def _repeat_slide(content):
    content["training"].append(content["training"][0])


def _other_label(value):
    return lambda content: content["test"][0].update(label=value)


def _lose_file(content):
    content["test"][1]["image"][1] = "gone.h5"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_move_patient, "patient 'p0' is in test and training"),
        (_repeat_slide, "slide 's 0#ü' is there 2 times"),
        (_other_label(2), "test: slide 's 4#ü' has label 2"),
        (_other_label(-1), "has label -1"),
        (_other_label(True), "has label True"),
        (_other_label("1"), "has label '1'"),
        (_lose_file, r"slide 's 5#ü': no file .*gone\.h5"),
        (lambda c: c["test"][0].pop("patient"), "test: an item lacks patient"),
        (lambda c: c["test"].append("x"), "an item lacks image, label, slide, patient"),
    ],
)
def test_edited_datalists_are_checked_again(written, change, message):
    _edit(written, change)
    with pytest.raises(CohortError, match=message):
        load_datalist(written)


def test_all_problems_are_listed(written):
    _edit(written, lambda c: (_move_patient(c), _lose_file(c), c["validation"][0].update(label=9)))
    with pytest.raises(CohortError, match=r"fold0.json has 3 problems"):
        load_datalist(written)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"training": {}, "class_names": ["a"]}'])
def test_other_files_are_no_datalists(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(CohortError, match=r"x.json (cannot be read|is no datalist of ours)"):
        load_datalist(tmp_path / "x.json")


def test_an_absent_datalist_is_named(tmp_path):
    with pytest.raises(CohortError, match=r"x.json cannot be read"):
        load_datalist(tmp_path / "x.json")
