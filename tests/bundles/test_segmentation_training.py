"""The segmentation bundle trained as a user trains it: resume, determinism, honesty, scoring."""

import csv
import json
import shutil

import numpy as np
import pytest
import tifffile
import torch
from monai.bundle import ConfigWorkflow
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from monai_ext.data import read_image_table, split_image_table, write_labelled_subsets
from monai_ext.experiments.bundle_run import run_bundle
from monai_ext.testing.zoo.toy_inputs import TOY_MASKS
from tests.bundles.segmentation_runs import BUNDLE, assert_same, score, train, weights

STATEFUL = {"ema_teacher": True, "proto_xattn": True, "ramp_steps": 5}


def test_a_stopped_run_goes_on_as_if_nothing_had_happened(toy, prompts, tmp_path):
    whole = train(toy, tmp_path / "whole", prompts, **STATEFUL)
    parted = tmp_path / "parted"
    for epochs in (1, 3):
        train(
            toy,
            parted,
            prompts,
            resume=True,
            **STATEFUL,
            **{"train#trainer#max_epochs": epochs},
        )
    assert_same(whole, parted)
    state = torch.load(parted / "last.pt", weights_only=True)
    assert state["parts"]["objective"]["prototypes.bank.ready"].all()
    assert state["parts"]["objective"]["steps"] == 6
    other = train(toy, tmp_path / "other", prompts, **STATEFUL, seed=1)
    assert not torch.equal(weights(other)["head.weight"], weights(whole)["head.weight"])


@pytest.mark.parametrize("ssl", ["supervised", "fixmatch", "unimatch", "mpamatch"])
def test_masks_of_unlabelled_images_are_never_read(toy, prompts, tmp_path, ssl):
    kept = train(toy, tmp_path / "kept", prompts, ssl=ssl)
    for path in (toy.parent / "masks").glob("unlabelled_*"):
        path.write_bytes(b"no picture")
    ruined = train(toy, tmp_path / "ruined", prompts, ssl=ssl)
    assert_same(kept, ruined)


@pytest.mark.parametrize("ssl", ["supervised", "mpamatch"])
def test_masks_left_out_of_a_table_of_masks_are_never_read(toy, prompts, tmp_path, ssl):
    """The whole way: every image has a mask, a share of them is drawn, the others are ruined."""
    content = json.loads(toy.read_text())
    folder = toy.parent
    rows = [
        {
            "image": str(folder / "images" / f"{item['slide']}.png"),
            "mask": str(folder / "masks" / f"{item['slide']}.png"),
            "patient": item["patient"],
            "mpp": item["mpp"],
        }
        for item in content["training"] + content["unlabelled"]
    ]
    table = tmp_path / "images.csv"
    with table.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    split, bare = split_image_table(
        read_image_table(table), content["class_names"], test=0.2, validation=0.2
    )
    (drawn,) = write_labelled_subsets(split, tmp_path / "lists", ratios=[0.5], unlabelled=bare)
    kept = train(drawn, tmp_path / "kept", prompts, ssl=ssl)
    left_out = json.loads(drawn.read_text())["unlabelled"]
    assert left_out
    for item in left_out:
        (folder / "masks" / f"{item['slide']}.png").write_bytes(b"no picture")
    assert_same(kept, train(drawn, tmp_path / "ruined", prompts, ssl=ssl))


def test_equal_shares_keep_all_prototypes_in_use(toy, prompts, tmp_path):
    run = train(toy, tmp_path / "run", prompts, assign="sinkhorn", prototypes_per_class=3)
    rows = list(csv.DictReader((run / "metrics.csv").open()))
    assert min(float(row["prototype_entropy"]) for row in rows) > 0.9


def test_masks_of_labelled_images_are_read(toy, prompts, tmp_path):
    kept = train(toy, tmp_path / "kept", prompts)
    path = toy.parent / "masks" / "training_0.png"
    Image.fromarray(1 - np.asarray(Image.open(path))).save(path)
    turned = train(toy, tmp_path / "turned", prompts)
    assert not torch.equal(weights(kept)["head.weight"], weights(turned)["head.weight"])


def test_validation_masks_change_no_weight_unless_the_best_epoch_is_asked_for(
    toy, prompts, tmp_path
):
    kept = train(toy, tmp_path / "kept", prompts, ssl="supervised")
    for path in (toy.parent / "masks").glob("validation_*"):
        Image.fromarray(1 - np.asarray(Image.open(path))).save(path)
    turned = train(toy, tmp_path / "turned", prompts, ssl="supervised")
    assert all(torch.equal(v, weights(turned)[k]) for k, v in weights(kept).items())
    rows = list(csv.DictReader((turned / "metrics.csv").open()))
    best = train(toy, tmp_path / "best", prompts, ssl="supervised", selection="best")
    scores = [float(row["val_mdice"]) for row in rows]
    assert len(set(scores)) == 3
    is_last = scores.index(max(scores)) == len(scores) - 1
    assert torch.equal(weights(best)["head.weight"], weights(turned)["head.weight"]) == is_last


def test_the_log_has_every_part_of_the_loss(toy, prompts, tmp_path):
    run = train(toy, tmp_path / "run", prompts)
    rows = list(csv.DictReader((run / "metrics.csv").open()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    last = {k: float(v) for k, v in rows[-1].items()}
    total = 0.5 * last["supervised"] + 0.25 * last["unlabelled"] + 0.25 * last["prototypes"]
    assert last["train_loss"] == pytest.approx(total, rel=1e-4)
    parts = ("image_alignment", "image_contrast", "text_alignment", "text_contrast")
    assert last["prototypes"] == pytest.approx(sum(last[k] for k in parts), rel=1e-4)
    assert 0 <= last["prototype_entropy"] <= 1
    assert 0 <= last["val_mdice"] <= 1


def test_tensorboard_has_losses_metrics_and_panels(toy, prompts, tmp_path):
    run = train(toy, tmp_path / "run", prompts, panel_interval=1)
    tags = {}
    for path in run.glob("events.out.tfevents*"):
        found = EventAccumulator(str(path), {"images": 0, "scalars": 0}).Reload()
        for tag in found.Tags()["scalars"]:
            tags[tag] = len(found.Scalars(tag))
        for tag in found.Tags()["images"]:
            tags[tag] = len(found.Images(tag))
    assert tags["train_loss"] == 6
    assert tags["segmentation"] == tags["val_mdice"] == tags["prototype_entropy"] == 3


def test_it_learns_discs_from_three_masks(toy, prompts, tmp_path):
    given = {"patch_encoder": "efficientnet_lite0", "encoder_options": {}, "norm": "group"}
    given |= {"decoder_channels": [32, 16, 16, 8, 8], "learning_rate": 0.01}
    run = train(toy, tmp_path / "run", prompts, steps=40, epoch_steps=20, **given)
    rows = list(csv.DictReader((run / "metrics.csv").open()))
    assert float(rows[-1]["val_mdice"]) > 0.75


def test_the_published_parts_train_with_stand_ins(toy, prompts, tmp_path):
    where = {"datalist": str(toy), "output_dir": str(tmp_path / "run"), "prompts": str(prompts)}
    small = {"crop_px": 32, "steps": 2, "epoch_steps": 1, "preset": "tiny", "pixels_per_image": 64}
    run_bundle(BUNDLE, ["train.json", "uni.json"], workflow_type="train", **where, **small)
    values = json.loads((tmp_path / "run" / "inference.json").read_text())
    assert values["norm"] == "group"
    assert values["embed_dim"] == 32
    state = torch.load(tmp_path / "run" / "last.pt", weights_only=True)
    learned = [name for name in state["parts"]["objective"] if "ctx" in name]
    where["output_dir"] = str(tmp_path / "still")
    run_bundle(
        BUNDLE, ["train.json", "uni.json"], workflow_type="train", **where, **small, prompt_rate=0
    )
    still = torch.load(tmp_path / "still" / "last.pt", weights_only=True)["parts"]["objective"]
    assert [name for name in still if "ctx" in name] == learned
    assert not torch.equal(state["parts"]["objective"][learned[0]], still[learned[0]])
    assert not [name for name in weights(tmp_path / "run") if "text" in name or "ctx" in name]


def test_a_run_is_scored_as_it_was_trained(toy, prompts, tmp_path):
    """Evaluation takes the network's settings from the run, not from the command line."""
    run = train(toy, tmp_path / "run", prompts, target_mpp=1.0)
    score(toy, run)
    rows = list(csv.DictReader((run / "scores.csv").open()))
    assert [row["slide"] for row in rows] == ["test_0", "test_1"]
    truth = np.asarray(Image.open(toy.parent / "masks" / "test_0.png"))
    found = np.asarray(Image.open(run / "predictions" / "test_0.png"))
    assert found.shape == truth.shape
    inside, both = ((found == 1) & (truth == 1)).sum(), (found == 1).sum() + (truth == 1).sum()
    assert float(rows[0]["dice_disc"]) == pytest.approx(2 * inside / both)
    assert "mdice" in (run / "summary.md").read_text()
    before = (run / "scores.csv").read_bytes()
    score(toy, run, symmetries=8, score_dir=str(tmp_path / "averaged"), pictures=False)
    assert (run / "scores.csv").read_bytes() == before
    averaged = list(csv.DictReader((tmp_path / "averaged" / "scores.csv").open()))
    assert [row["dice_disc"] for row in averaged] != [row["dice_disc"] for row in rows]
    assert (tmp_path / "averaged" / "summary.md").is_file()


@pytest.mark.parametrize("ema", [False, True])
def test_the_kept_network_is_scored_whatever_the_teacher(toy, prompts, tmp_path, ema):
    run = train(toy, tmp_path / "run", prompts, ema_teacher=ema)
    scores = []
    for flag in (False, True):
        score(toy, run, ema_teacher=flag, pictures=False)
        scores.append((run / "scores.csv").read_text())
    assert scores[0] == scores[1]


def test_methods_start_from_the_same_network(toy, prompts, tmp_path):
    still = {"learning_rate": 0.0, "encoder_rate": 0.0, "weight_decay": 0.0, "steps": 2}
    runs = [
        weights(train(toy, tmp_path / name, prompts, **still, **given))
        for name, given in (
            ("one", {"ssl": "supervised"}),
            ("two", {"ssl": "mpamatch"}),
            ("three", {"text_encoder": "minilm", "text_options": {}, "proto_xattn": True}),
        )
    ]
    parts = [k for k in runs[0] if k.startswith(("encoder.", "join.", "blocks.", "head."))]
    assert len(parts) > 20
    for other in runs[1:]:
        assert [k for k in parts if not torch.equal(runs[0][k], other[k])] == []


@pytest.mark.parametrize("ema", [False, True])
def test_a_run_begins_where_another_ended(toy, prompts, tmp_path, ema):
    first = train(toy, tmp_path / "first", prompts, ssl="mpamatch")
    still = {"learning_rate": 0.0, "encoder_rate": 0.0, "weight_decay": 0.0, "steps": 2}
    given = {"initial_weights": str(first / "model.pt"), "ema_teacher": ema, "seed": 5}
    second = weights(train(toy, tmp_path / "second", prompts, **still, **given))
    names = [name for name in second if not name.endswith(("_mean", "_var", "_tracked"))]
    assert [k for k in names if not torch.equal(second[k], weights(first)[k])] == []


def test_workers_draw_different_views(toy, prompts, tmp_path):
    found = [
        weights(train(toy, tmp_path / f"{n}", prompts, ssl="supervised", num_workers=2, steps=4))
        for n in range(2)
    ]
    assert all(torch.equal(v, found[1][k]) for k, v in found[0].items())
    workflow = ConfigWorkflow(
        str(BUNDLE / "configs/train.json"),
        workflow_type="train",
        bundle_root=str(BUNDLE),
        **TOY_MASKS,
        datalist=str(toy),
        prompts=str(prompts),
        output_dir=str(tmp_path / "w"),
        num_workers=2,
    )
    workflow.initialize()
    loader = workflow.parser.get_parsed_content("train#labelled_loader")
    batches = [batch["image"] for batch in loader]
    assert len(batches) == 2
    assert not torch.equal(batches[0], batches[1])
    assert loader.worker_init_fn is not None


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_good_epoch(
    toy, prompts, tmp_path
):
    run = train(toy, tmp_path / "run", prompts, **{"train#trainer#max_epochs": 1})
    before = (run / "model.pt").read_bytes()
    broken = {"resume": True, "train#handlers#0#_target_": "tests.bundles.spoil_loss.SpoilLoss"}
    with pytest.raises(SystemExit, match=r"the loss of step 3 is nan.*last complete epoch is kept"):
        train(toy, run, prompts, **broken)
    assert (run / "model.pt").read_bytes() == before
    assert torch.load(run / "last.pt", weights_only=True)["epoch"] == 1
    mended = train(toy, run, prompts, resume=True)
    undisturbed = train(toy, tmp_path / "undisturbed", prompts)
    assert_same(mended, undisturbed)


def test_a_run_is_not_overwritten_nor_resumed_as_another(toy, prompts, tmp_path):
    run = train(toy, tmp_path / "run", prompts, **{"train#trainer#max_epochs": 1})
    with pytest.raises(SystemExit, match="holds a run already"):
        train(toy, run, prompts)
    for given, message in (
        ({"ssl": "unimatch"}, "ssl was mpamatch, is unimatch"),
        ({"steps": 8}, "steps was 6, is 8"),
        ({"learning_rate": 0.1}, "learning_rate was 0.003, is 0.1"),
        ({"use_pal": False}, "use_pal was True, is False"),
        ({"use_txt_proto": False}, "use_txt_proto was True, is False"),
        ({"assign": "sinkhorn"}, "assign was nearest, is sinkhorn"),
        ({"encoder_trained": "none"}, "encoder_trained was all, is none"),
        ({"cutmix_prob": 0}, r"cutmix_prob was 0\.5, is 0"),
    ):
        with pytest.raises(SystemExit, match=message):
            train(toy, run, prompts, resume=True, **given)


def test_the_run_folder_predicts_alone(toy, prompts, tmp_path):
    run = train(toy, tmp_path / "run", prompts)
    moved = shutil.copytree(run, tmp_path / "elsewhere")
    config = json.loads((moved / "inference.json").read_text())
    assert config["class_names"] == ["background", "disc"]
    assert config["target_mpp"] == 0.5
    assert config["patch_encoder"] == "uni_v1"
    assert config["embed_dim"] == 8
    record = json.loads((moved / "run.json").read_text())
    assert record["extra"]["ssl"] == "mpamatch"
    assert record["extra"]["text"]


@pytest.mark.parametrize("edge", [32, 80])  # several windows; a window larger than the image
def test_images_are_scored_through_windows_as_inference_looks(toy, prompts, tmp_path, edge):
    run = train(toy, tmp_path / "run", prompts, norm="group")
    seen = {}
    for roi_px in (None, edge):
        made = tmp_path / f"scored {roi_px}"
        score(toy, run, roi_px=roi_px, overlap=0.5, score_dir=str(made))
        seen[roi_px] = np.asarray(Image.open(made / "predictions" / "test_0.png"))
    assert (seen[edge] != seen[None]).any()
    where = {"dataset_dir": str(toy.parent / "images" / "test_0.png"), "mpp": 0.5}
    where |= {
        "output_dir": str(tmp_path / "out"),
        "target_mpp": 0.5,
        "roi_px": edge,
        "overlap": 0.5,
    }
    made = ConfigWorkflow(str(run / "inference.json"), workflow_type="infer", **where)
    made.initialize()
    made.run()
    with tifffile.TiffFile(tmp_path / "out" / "labels" / "test_0.tif") as tiff:
        labels = tiff.series[0].asarray()
    np.testing.assert_array_equal(labels, seen[edge])
