"""Programs take any number of instances or images, and every aggregator of the baselines."""

import pytest
import torch

from monai_ext.experiments.bundle_run import find_bundle
from monai_ext.export.agreement import require_agreement
from monai_ext.export.input_form import InputForm, random_inputs
from monai_ext.export.program import export_program, stride_of
from monai_ext.export.trained_network import untrained_network
from monai_ext.networks import TransUNi
from monai_ext.networks.encoders import PixelEncoder, build_patch_encoder
from monai_ext.networks.nets.mil_baselines import MIL_BASELINES

CONFIGS = find_bundle("pathology_mil_baselines_classification") / "configs"
BAG = InputForm(4 + 12, (None,))
IMAGE = InputForm(3, (None, None), 255.0)
NEAR = 1e-4


def segmenter(**options):
    encoder = PixelEncoder(build_patch_encoder("efficientnet_lite0"))
    widths = (16, 8, 8, 4, 4)
    return TransUNi(encoder, 3, decoder_channels=widths, embed_dim=8, **options).eval()


@pytest.mark.parametrize("model", MIL_BASELINES.names)
def test_every_baseline_is_a_program_of_bags_of_any_length(model):
    values = {"model": model, "in_channels": [12, 12, 12], "hidden_dim": 8, "attention_dim": 4}
    network = untrained_network(CONFIGS, values)
    program = export_program(network, BAG).module()
    assert require_agreement(program, network, random_inputs(BAG, 8)) < NEAR


def test_a_segmenter_takes_batches_and_sides_that_are_multiples():
    network = segmenter(proto_xattn=4)
    torch.nn.init.normal_(network.prototypes)
    program = export_program(network, IMAGE).module()
    inputs = random_inputs(IMAGE, 6, multiple=stride_of(network))
    assert require_agreement(program, network, inputs) < NEAR
    with pytest.raises(AssertionError, match="Guard failed"):
        program(torch.rand(1, 3, 64, 80))


def test_without_padding_a_fixed_side_is_a_multiple_too():
    with pytest.raises(RuntimeError, match=r"Expected cond to be True"):
        torch.export.export(segmenter(), (torch.rand(1, 3, 64, 80),))
    assert segmenter()(torch.rand(1, 3, 64, 80)).shape == (1, 3, 64, 80)


def test_only_what_takes_free_sides_has_a_stride():
    assert stride_of(segmenter()) == 32
    assert stride_of(torch.nn.ReLU()) == 1
