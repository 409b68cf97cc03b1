"""Images become float on the device; an unlabelled label stays behind."""

import torch

from monai_ext.engines.paired_batch import prepare_paired_batch


def test_views_and_labels_are_taken_by_name(rng):
    pixels = torch.randint(0, 256, (5, 2, 3, 4, 4), generator=rng, dtype=torch.uint8)
    labelled = {"image": pixels[0], "label": pixels[1][:, :1], "outside": pixels[1][:, :1]}
    bare = {"image": pixels[2], "strong_1": pixels[3], "strong_2": pixels[4]}
    bare |= {"outside": pixels[2][:, :1], "label": pixels[3][:, :1], "slide": ["a", "b"]}
    inputs, labels = prepare_paired_batch({"labelled": labelled, "unlabelled": bare}, "cpu")
    assert set(inputs) == {"image", "weak", "strong_1", "strong_2", "outside"}
    assert all(v.dtype == torch.float32 for v in inputs.values())
    assert torch.equal(inputs["image"], pixels[0].float())
    assert torch.equal(inputs["weak"], pixels[2].float())
    assert torch.equal(inputs["outside"], pixels[2][:, :1].float())
    assert torch.equal(labels, pixels[1][:, :1])


def test_labelled_batches_may_come_alone():
    image, label = torch.zeros(1, 3, 2, 2), torch.ones(1, 1, 2, 2)
    inputs, labels = prepare_paired_batch({"labelled": {"image": image, "label": label}})
    assert list(inputs) == ["image"]
    assert torch.equal(labels, label)
