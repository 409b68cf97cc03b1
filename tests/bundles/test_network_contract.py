"""MONAI's own checks of a bundle's network, and its exports."""

import json
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser, ckpt_export, verify_metadata, verify_net_in_out

from tests.bundles.test_contract import BUNDLES, name

SCHEMA = Path(__file__).parent / "metadata_schema.json"


def files(bundle):
    return {
        "config_file": str(bundle / "configs/inference.json"),
        "meta_file": str(bundle / "configs/metadata.json"),
    }


def network_of(bundle):
    parser = ConfigParser()
    parser.read_config(files(bundle)["config_file"])
    parser["bundle_root"] = str(bundle)
    return parser.get_parsed_content("network_def").eval()


def example(bundle, size, rng):
    """An input as the metadata describes it, with places that a bag can have."""
    form = json.loads((bundle / "configs/metadata.json").read_text())["network_data_format"]
    image = form["inputs"]["image"]
    shape = [size if isinstance(s, str) else s for s in image["spatial_shape"]]
    x = torch.rand(1, image["num_channels"], *shape, generator=rng)
    if image["spatial_shape"] == ["*"]:
        x[:, 0] = torch.randint(0, 3, (1, size), generator=rng).float()
        x[:, 1:3] = torch.randint(0, 9, (1, 2, size), generator=rng).float()
        x[:, 3] = torch.randint(-1, 6, (1, size), generator=rng).float()
    return x


@pytest.mark.parametrize("bundle", BUNDLES, ids=name)
def test_metadata_passes_monais_check_offline(bundle, tmp_path):
    kept = tmp_path / "schema.json"
    kept.write_text(SCHEMA.read_text())
    verify_metadata(meta_file=files(bundle)["meta_file"], filepath=str(kept))
    broken = json.loads((bundle / "configs/metadata.json").read_text())
    del broken["network_data_format"]["outputs"]
    (tmp_path / "metadata.json").write_text(json.dumps(broken))
    with pytest.raises(ValueError, match="Failed validating"):
        verify_metadata(meta_file=str(tmp_path / "metadata.json"), filepath=str(kept))


@pytest.mark.parametrize("size", [1, 7])
@pytest.mark.parametrize("bundle", BUNDLES, ids=name)
def test_network_gives_what_the_metadata_says(bundle, size):
    verify_net_in_out("network_def", **files(bundle), any=size, device="cpu")
    key = "_meta_::network_data_format::outputs::pred::num_channels"
    with pytest.raises(ValueError, match="output"):
        verify_net_in_out("network_def", **files(bundle), any=size, device="cpu", **{key: 5})


@pytest.mark.parametrize("bundle", BUNDLES, ids=name)
def test_exported_checkpoint_gives_the_same_output(bundle, tmp_path, rng):
    network = network_of(bundle)
    torch.save(network.state_dict(), tmp_path / "model.pt")
    is_traced = bundle.name.endswith("_segmentation")  # timm's feature maps cannot be scripted
    traced = {"use_trace": True, "input_shape": [1, 3, 224, 224]} if is_traced else {}
    ckpt_export(
        "network_def",
        filepath=str(tmp_path / "model.ts"),
        ckpt_file=str(tmp_path / "model.pt"),
        **files(bundle),
        **traced,
    )
    scripted = torch.jit.load(str(tmp_path / "model.ts")).eval()
    for size in (96, 224):
        x = example(bundle, size, rng)
        x = 255 * x if is_traced else x
        torch.testing.assert_close(scripted(x), network(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "bundle", [b for b in BUNDLES if b.name.endswith("_classification")], ids=name
)
def test_torch_export_takes_any_number_of_instances(bundle, tmp_path, rng):
    network = network_of(bundle)
    exported = torch.export.export(
        network,
        (example(bundle, 50, rng),),
        dynamic_shapes=({2: torch.export.Dim("instances", min=1)},),
    )
    torch.export.save(exported, tmp_path / "model.pt2")
    again = torch.export.load(tmp_path / "model.pt2").module()
    for size in (1, 33, 400):
        x = example(bundle, size, rng)
        torch.testing.assert_close(again(x), network(x), rtol=1e-4, atol=1e-4)
