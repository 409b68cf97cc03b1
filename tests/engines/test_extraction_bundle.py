"""The extraction bundle, its config run in this process unless an exit code is the subject."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow, ckpt_export, run, verify_net_in_out

from monai_ext.data import feature_path, read_features
from monai_ext.engines.extraction import FeatureExtractor
from monai_ext.networks.encoders import EfficientNetLite0
from tests.engines.tiny_extraction import (
    TISSUE,
    add_slide,
    blank_image,
    feature_files,
    tissue_image,
)

ROOT = Path(__file__).parents[2]
BUNDLE = ROOT / "bundles/pathology_tile_feature_extraction"
CONFIG, META = BUNDLE / "configs/inference.json", BUNDLE / "configs/metadata.json"
QUICK = {"tile_px": 32, "encoder": "tiny", "batch_size": 8, "device": "cpu", "tissue": TISSUE}


def run_bundle(tmp_path, **changes):
    values = {"dataset_dir": str(tmp_path / "slides"), "output_dir": str(tmp_path / "out")}
    run(config_file=str(CONFIG), **{**QUICK, **values, **changes})


def start_command(tmp_path, **changes):
    values = {"dataset_dir": tmp_path / "slides", "output_dir": tmp_path / "out"}
    options = [f"--{key}={value}" for key, value in {**QUICK, **values, **changes}.items()]
    command = [sys.executable, "-m", "monai.bundle", "run", f"--config_file={CONFIG}", *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(  # noqa: S603
        command,
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def initialized(tmp_path, *names):
    add_slide(tmp_path / "slides", "a.tif", blank_image(128, 128))
    workflow = ConfigWorkflow(
        [str(BUNDLE / f"configs/{name}.json") for name in names],
        meta_file=str(META),
        workflow_type="infer",
        dataset_dir=str(tmp_path / "slides"),
        output_dir=str(tmp_path / "out"),
        decode_device="cpu",
        **QUICK,
    )
    workflow.initialize()
    return workflow


@pytest.mark.parametrize("names", [["inference"], ["inference", "inference_gpu"]])
def test_no_property_is_missing(tmp_path, names):
    assert initialized(tmp_path, *names).check_properties() == []


def test_declared_properties_are_the_objects_that_run(tmp_path):
    workflow = initialized(tmp_path, "inference")
    evaluator = workflow.evaluator
    assert isinstance(evaluator, FeatureExtractor)
    assert evaluator.dataset is workflow.dataset
    assert evaluator.inferer is workflow.inferer
    assert evaluator.network is workflow.network_def
    assert evaluator.save is workflow.postprocessing


def test_run_gives_a_file_a_level(tmp_path):
    add_slide(tmp_path / "slides", "a.tif")
    run_bundle(tmp_path)
    for magnification in (20, 10, 5):
        path = feature_path(tmp_path / "out", magnification, 32, "tiny", "a")
        assert len(read_features(path).coords)


def test_folders_with_signs_that_configs_use_are_taken_as_written(tmp_path):
    add_slide(tmp_path / "in #1 $x @y", "a.tif", blank_image(128, 128))
    folders = {"dataset_dir": str(tmp_path / "in #1 $x @y"), "output_dir": str(tmp_path / "o #2")}
    run_bundle(tmp_path, **folders)
    assert (tmp_path / "o #2/20x_32px_0px_overlap/features_tiny/a.h5").exists()


def test_default_encoder_gives_1280_features(tmp_path):
    add_slide(tmp_path / "slides", "a.tif", tissue_image(160, 160))
    run_bundle(tmp_path, encoder="efficientnet_lite0", mpps=[0.5])
    path = feature_path(tmp_path / "out", 20, 32, "efficientnet_lite0", "a")
    assert read_features(path).features.shape[1] == 1280


def test_a_stand_in_of_a_gated_encoder_needs_no_weights(tmp_path):
    add_slide(tmp_path / "slides", "a.tif", tissue_image(160, 160))
    run_bundle(tmp_path, encoder="uni_v1", encoder_args={"preset": "tiny"}, mpps=[0.5])
    path = feature_path(tmp_path / "out", 20, 32, "uni_v1_tiny", "a")
    assert read_features(path).features.shape[1] == 64


def test_weights_of_another_network_end_with_one_line(tmp_path):
    add_slide(tmp_path / "slides", "a.tif", tissue_image(160, 160))
    torch.save({"head.weight": torch.zeros(2, 2)}, tmp_path / "other.bin")
    changes = {"encoder": "uni_v1", "encoder_checkpoint": str(tmp_path / "other.bin")}
    with pytest.raises(SystemExit, match=r"^SettingError: .*other.bin does not fit: missing cls"):
        run_bundle(tmp_path, **changes)
    assert "strict_load" in (tmp_path / "out/error.log").read_text()


def test_arguments_of_the_network_reach_the_encoder(tmp_path):
    add_slide(tmp_path / "slides", "a.tif", tissue_image(160, 160))
    side = {"network_def#input_px": 64, "encoder_args": {"input_px": 96}}
    run_bundle(tmp_path, encoder="efficientnet_lite0", mpps=[0.5], **side)
    path = feature_path(tmp_path / "out", 20, 32, "efficientnet_lite0", "a")
    wanted = EfficientNetLite0(input_px=64).transform_hash
    assert read_features(path).transform_hash == wanted


@pytest.mark.parametrize("word", [True, "True", "true"])
def test_dry_run_writes_nothing(tmp_path, word):
    add_slide(tmp_path / "slides", "a.tif", blank_image(128, 128))
    run_bundle(tmp_path, dry_run=word)
    assert not (tmp_path / "out").exists()


def test_the_word_false_is_no_dry_run(tmp_path):
    add_slide(tmp_path / "slides", "a.tif", blank_image(128, 128))
    run_bundle(tmp_path, dry_run="false")
    assert (tmp_path / "out/summary.csv").exists()


def test_a_failed_slide_ends_with_3(tmp_path):
    add_slide(tmp_path / "slides", "a.tif", mpp=None)
    with pytest.raises(SystemExit) as ending:
        run_bundle(tmp_path)
    assert ending.value.code == 3


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"encoder": "tyni"}, r"SettingError: encoder 'tyni' is not registered.*did you mean tiny"),
        ({"encoder": "uni_v1"}, "SettingError: encoder 'uni_v1' is not at hand.*MahmoodLab/UNI"),
        ({"encoder": "keep", "encoder_checkpoint": "/none"}, "SettingError: no weights at /none"),
        ({"encoder_args": {"preset": 1}}, "SettingError: encoder 'tiny' takes no 'preset'"),
        ({"stage": "all"}, "SettingError: stage='all'. Rule: one of tissue, tiles, features"),
        ({"mpps": [0.5, 0.7]}, r"SettingError: mpps=\[0.5, 0.7\]"),
        ({"batch_size": 0}, "SettingError: batch_size=0"),
        ({"mpp": "20x"}, "SettingError: mpp='20x'"),
        ({"mpps": "20x"}, "SettingError: mpps='20x'"),
        ({"min_tissue": "a"}, "SettingError: min_tissue='a'"),
        ({"tissue": {"closing": 1}}, "SettingError: tissue="),
        ({"reader": "fast"}, "SettingError: reader='fast'"),
        ({"dataset_dir": "/none"}, "SettingError: dataset_dir=/none is no folder"),
        ({"tissue_dir": "/none"}, "SettingError: tissue_dir=/none is no folder"),
        ({"cohort": "/none.csv"}, "CohortError: cohort /none.csv"),
        ({"dry_run": "perhaps"}, "SettingError: value 'perhaps'"),
    ],
)
def test_what_a_user_can_mend_is_one_line(tmp_path, changes, line):
    add_slide(tmp_path / "slides", "a.tif", blank_image(128, 128))
    with pytest.raises(SystemExit, match=line):
        run_bundle(tmp_path, **changes)
    assert "Traceback" in (tmp_path / "out/error.log").read_text(encoding="utf-8")


def test_an_output_folder_that_is_not_given_is_refused(tmp_path):
    add_slide(tmp_path / "slides", "a.tif", blank_image(128, 128))
    with pytest.raises(SystemExit, match="SettingError: a folder or file is not given"):
        run_bundle(tmp_path, output_dir="")


def test_an_output_folder_that_cannot_be_is_refused(tmp_path):
    add_slide(tmp_path / "slides", "a.tif", blank_image(128, 128))
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"output_dir=.*out cannot be written to"):
        run_bundle(tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="is about machines without CUDA")
def test_gpu_config_without_cuda_says_so(tmp_path):
    add_slide(tmp_path / "slides", "a.tif", blank_image(128, 128))
    with pytest.raises(SystemExit, match="no CUDA was found"):
        run_bundle(tmp_path, device="cuda:0", reader="cucim", decode_device="cuda")


def test_network_meets_the_declared_shapes_and_no_others(tmp_path):
    arguments = {"net_id": "network_def", "config_file": str(CONFIG), "device": "cpu"}
    verify_net_in_out(**arguments, meta_file=str(META))
    meta = json.loads(META.read_text())
    meta["network_data_format"]["outputs"]["pred"]["num_channels"] += 1
    other = tmp_path / "metadata.json"
    other.write_text(json.dumps(meta))
    with pytest.raises(ValueError, match="channel"):
        verify_net_in_out(**arguments, meta_file=str(other))


def test_exported_network_gives_the_same(tmp_path):
    parser = ConfigParser()
    parser.read_config(str(CONFIG))
    network = parser.get_parsed_content("network_def")
    torch.save(network.state_dict(), tmp_path / "model.pt")
    ckpt_export(
        net_id="network_def",
        filepath=str(tmp_path / "model.ts"),
        ckpt_file=str(tmp_path / "model.pt"),
        meta_file=str(META),
        config_file=str(CONFIG),
    )
    image = torch.arange(3 * 64 * 64).remainder(256).view(1, 3, 64, 64).float()
    torch.testing.assert_close(torch.jit.load(tmp_path / "model.ts")(image), network(image))


def test_metadata_names_the_encoder_that_the_config_builds():
    meta = json.loads(META.read_text(encoding="utf-8"))
    parser = ConfigParser()
    parser.read_config(str(CONFIG))
    network = parser.get_parsed_content("network_def")
    outputs = meta["network_data_format"]["outputs"]["pred"]
    assert outputs["num_channels"] == network.embed_dim
    assert meta["version"] in meta["changelog"]


@pytest.mark.slow
def test_the_command_ends_with_its_exit_code_and_a_plain_last_line(tmp_path):
    add_slide(tmp_path / "slides", "a b #1 ü.tif", blank_image(128, 128))
    add_slide(tmp_path / "slides", "b.tif", mpp=None)
    some_failed = start_command(tmp_path)
    wrong = start_command(tmp_path, tile_px=0, output_dir=tmp_path / "wrong")
    ends = [process.communicate()[1] for process in (some_failed, wrong)]
    assert [process.returncode for process in (some_failed, wrong)] == [3, 1], ends
    assert (tmp_path / "out/5x_32px_0px_overlap/features_tiny/a b #1 ü.h5").exists()
    assert "SettingError: tile_px=0" in ends[1].strip().splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_is_ended_and_begun_again_equals_an_undisturbed_one(tmp_path, sent):
    for seed in range(4):
        add_slide(tmp_path / "slides", f"{seed}.tif", tissue_image(640, 960, seed))
    process = start_command(tmp_path, tile_px=16)
    first = feature_path(tmp_path / "out", 20, 16, "tiny", "0")
    while not first.exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(sent)
    process.communicate()
    assert process.returncode == (-9 if sent == signal.SIGKILL else 143)
    half = feature_files(tmp_path / "out")
    assert 0 < len(half) < 12
    run_bundle(tmp_path, tile_px=16)
    run_bundle(tmp_path, tile_px=16, output_dir=str(tmp_path / "undisturbed"))
    whole = feature_files(tmp_path / "undisturbed")
    assert len(whole) == 12
    assert feature_files(tmp_path / "out") == whole
    assert not list((tmp_path / "out").rglob(".*"))
    assert {name: whole[name] for name in half} == half
