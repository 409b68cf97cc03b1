"""``torch.export`` of every bundle that reads bags."""

import pytest
import torch

from monai_ext.testing.zoo.network import example_input, network_of
from tests.bundles.test_contract import BUNDLES, name


@pytest.mark.parametrize(
    "bundle", [b for b in BUNDLES if b.name.endswith("_classification")], ids=name
)
def test_torch_export_takes_any_number_of_instances(bundle, tmp_path, rng):
    network = network_of(bundle)
    exported = torch.export.export(
        network,
        (example_input(bundle, 50, rng),),
        dynamic_shapes=({2: torch.export.Dim("instances", min=1)},),
    )
    torch.export.save(exported, tmp_path / "model.pt2")
    again = torch.export.load(tmp_path / "model.pt2").module()
    for size in (1, 33, 400):
        x = example_input(bundle, size, rng)
        torch.testing.assert_close(again(x), network(x), rtol=1e-4, atol=1e-4)
