"""Values of a command line are understood or refused by name, and nothing is written."""

import pytest

from monai_ext.engines import ExtractionSettings
from monai_ext.errors import CohortError, SettingError
from tests.engines.tiny_extraction import TISSUE, settings_for


@pytest.fixture
def build(tmp_path):
    """Settings that can be met, but for the given changes."""
    (tmp_path / "slides").mkdir()

    def settings(**changes) -> ExtractionSettings:
        return settings_for(tmp_path, **changes)

    return settings


def test_sound_settings_pass_and_leave_no_trace(tmp_path, build):
    build().verify()
    assert [path.name for path in tmp_path.iterdir()] == ["slides"]


def test_building_checks_nothing(build):
    settings = build(dataset_dir="/none", batch_size=0, encoder="none", mpps=[3, 2])
    with pytest.raises((CohortError, SettingError)):
        settings.verify()


def test_one_magnification_needs_no_list(build):
    build(mpps=0.5).verify()
    assert build(mpps=0.5).spec.mpps == (0.5,)


@pytest.mark.parametrize(("word", "expected"), [("true", True), ("0", False), (None, False)])
def test_dry_run_is_read_as_a_word(build, word, expected):
    assert build(dry_run=word).is_dry is expected


def test_the_request_names_where_tissue_comes_from(build, tmp_path):
    own = build().spec.tissue_method
    assert own.startswith("own thumbnail_mpp=4 ")
    assert (
        build(tissue={**TISSUE, "closing_um": 5.0}).spec.request_hash != build().spec.request_hash
    )
    assert build(tissue_dir=tmp_path).spec.tissue_method == "given"
    assert build(tissue_dir="").spec.tissue_method == own


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"tile_px": 32.0}, r"^tile_px=32\.0\. Rule: a whole number from 1\. "),
        ({"batch_size": True}, r"^batch_size=True\. Rule: a whole number from 1"),
        ({"prefetch": 0}, r"^prefetch=0\. .*--prefetch 64\.$"),
        ({"max_upsample": None}, r"^max_upsample=None\. Rule: a number"),
        ({"mpp": "0.5"}, r"^mpp='0\.5'\. Rule: a number"),
        ({"mpps": [0.5, "1"]}, r"^mpps='1'\. Rule: a number"),
        ({"mpps": []}, r"^mpps=\(\)\. "),
        ({"min_tissue": 1.5}, r"^min_tissue=1\.5\. "),
        ({"amp": "half"}, r"^value 'half'\. "),
        ({"decode_device": "gpu"}, r"^decode_device='gpu'\. Rule: one of cpu, cuda\. "),
        ({"stage": "all"}, r"^stage='all'\. Rule: one of tissue, tiles, features\. "),
        ({"reader": "fast"}, r"^reader='fast'\. Rule: one of auto, strip, cucim, openslide\. "),
        ({"dataset_dir": ""}, r"^a folder or file is not given\. "),
        ({"dataset_dir": "/none"}, r"^dataset_dir=/none is no folder\. .*give --dataset_dir\.$"),
        ({"tissue_dir": "/none"}, r"^tissue_dir=/none is no folder\. "),
        ({"output_dir": "/bin/sh/x"}, r"^output_dir=/bin/sh/x cannot be .*\(see /bin/sh\)\. "),
        ({"encoder": "tyni"}, r"^encoder 'tyni' is not registered\. "),
    ],
)
def test_what_cannot_be_is_refused_by_name(build, changes, line):
    with pytest.raises(SettingError, match=line):
        build(**changes).verify()


def test_table_without_the_column_is_refused_before_work(build, tmp_path):
    (tmp_path / "cohort.csv").write_text("slide,label\na,1\n")
    with pytest.raises(CohortError, match=r"cohort\.csv has columns slide, label"):
        build(cohort=tmp_path / "cohort.csv").verify()


def test_encoder_without_weights_says_how_to_get_them(build, monkeypatch):
    from monai_ext.networks.encoders import PATCH_ENCODERS

    monkeypatch.setattr(PATCH_ENCODERS["tiny"], "missing", classmethod(lambda cls: "get them"))
    with pytest.raises(SettingError, match=r"^encoder 'tiny' is not at hand\. .* get them\.$"):
        build().verify()


@pytest.mark.parametrize("has_cuda", [False, True])
@pytest.mark.parametrize(
    "changes", [{"device": "cuda:0"}, {"decode_device": "cuda", "reader": "cucim"}]
)
def test_cuda_is_needed_by_what_names_it_only(build, monkeypatch, changes, has_cuda):
    monkeypatch.setattr("torch.cuda.is_available", lambda: has_cuda)
    if has_cuda:
        build(**changes).verify()
    else:
        with pytest.raises(SettingError, match=r"but no CUDA was found\. .* --device cpu "):
            build(**changes).verify()


def test_only_cucim_decodes_on_the_gpu(build, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    with pytest.raises(SettingError, match=r"^decode_device=cuda with reader=auto\. .*cucim\.$"):
        build(decode_device="cuda").verify()


def test_check_is_one_line_and_a_log(build, tmp_path):
    with pytest.raises(SystemExit, match=r"^SettingError: tile_px=0\. "):
        build(tile_px=0).check()
    assert "Traceback" in (tmp_path / "out/error.log").read_text()


@pytest.mark.parametrize("word", [True, "True", "yes", 1, "1"])
def test_a_dry_run_writes_no_log_either(build, tmp_path, word):
    with pytest.raises(SystemExit, match=r"^SettingError: tile_px=0\. "):
        build(tile_px=0, dry_run=word).check()
    assert not (tmp_path / "out").exists()


def test_a_wrong_word_for_the_dry_run_is_one_line(build):
    with pytest.raises(SystemExit, match=r"^SettingError: value 'perhaps'\. "):
        build(dry_run="perhaps").check()
