"""Every switch of the training config reaches the part that it names."""

import json

import pytest
import torch
from monai.bundle import ConfigParser

from monai_ext.testing.zoo.toy_inputs import TOY_MASKS
from tests.bundles.segmentation_runs import BUNDLE


def build(toy, prompts, folder, **given):
    parser = ConfigParser()
    parser.read_config(str(BUNDLE / "configs" / "train.json"))
    where = {"datalist": str(toy), "prompts": str(prompts), "output_dir": str(folder)}
    for name, value in (TOY_MASKS | where | {"device": "$torch.device('cpu')"} | given).items():
        parser[name] = value
    return parser


def open_parameters(network):
    return sum(p.requires_grad for p in network.encoder.network.parameters())


def has_group_norm(network):
    return any(isinstance(module, torch.nn.GroupNorm) for module in network.join.modules())


PROTOTYPES = {
    "use_img_proto": (False, lambda m: m.bank is None, True),
    "use_txt_proto": (False, lambda m: m.text is None, True),
    "use_pal": (False, lambda m: m.loss.use_alignment, False),
    "use_pcl": (False, lambda m: m.loss.use_contrast, False),
    "assign": ("sinkhorn", lambda m: m.assign, "sinkhorn"),
    "prototype_momentum": (0.7, lambda m: m.bank.momentum, 0.7),
    "prototype_temperature": (0.3, lambda m: m.loss.temperature, 0.3),
    "prototypes_per_class": (3, lambda m: m.bank.vectors.shape[1], 3),
    "lambda_txt": (0.5, lambda m: m.lambda_txt, 0.5),
}
OBJECTIVE = {
    "ssl": ("unimatch", lambda m: m.prototypes is None, True),
    "alpha": (0.7, lambda m: m.alpha, 0.7),
    "beta": (0.7, lambda m: m.beta, 0.7),
    "gamma": (0.7, lambda m: m.gamma, 0.7),
    "pixels_per_image": (99, lambda m: m.pixels, 99),
    "dice_weight": (0.5, lambda m: m.loss.dice_weight, 0.5),
    "ema_teacher": (True, lambda m: m._teacher[0] is None, False),
    "tau": (0.8, lambda m: m.settings.tau, 0.8),
    "prototype_view": ("strong", lambda m: m.settings.prototype_view, "strong"),
    "feature_dropout": (0.3, lambda m: m.settings.feature_dropout, 0.3),
    "cutmix_prob": (0.3, lambda m: m.settings.cutmix_prob, 0.3),
    "cutmix_area": ([0.1, 0.2], lambda m: m.settings.cutmix_area, [0.1, 0.2]),
    "cutmix_aspect": ([0.9, 1.1], lambda m: m.settings.cutmix_aspect, [0.9, 1.1]),
    "strong_statistics": ("True", lambda m: m.settings.strong_statistics, True),
    "balance_trust": ("True", lambda m: m.settings.balance_trust, True),
    "ramp_steps": (9, lambda m: m.settings.ramp_steps, 9),
}
NETWORK = {
    "encoder_trained": ("none", open_parameters, 0),
    "checkpointing": (True, lambda m: m.encoder.network.grad_checkpointing, True),
    "skip_blocks": ([0], lambda m: len(m.encoder.channels), 2),
    "decoder_channels": ([16, 8, 8, 8, 16], lambda m: m.head.in_channels, 16),
    "head_kernel": (3, lambda m: m.head.kernel_size, (3, 3)),
    "embed_block": (1, lambda m: m.embed_block, 1),
    "head_dropout": (0.2, lambda m: m.dropout.p, 0.2),
    "proto_xattn": (True, lambda m: m.prototypes.shape[0], 6),
    "norm": ("group", has_group_norm, True),
}
OTHERS = {
    "weight_decay": (0.5, "optimizer", lambda m: m.param_groups[0]["weight_decay"], 0.5),
    "poly_power": (0.5, "lr_scheduler", lambda m: m.power, 0.5),
    "ema_momentum": (0.2, "ema", lambda m: m.momentum, 0.2),
    "coop_tokens": (1, "text", lambda m: len(list(m.parameters())), 1),
}
CASES = [
    (name, *case)
    for part, cases in (
        ("prototypes", PROTOTYPES),
        ("objective_def", OBJECTIVE),
        ("network_def", NETWORK),
    )
    for name, (value, read, wanted) in cases.items()
    for case in [(value, part, read, wanted)]
] + [(name, *case) for name, case in OTHERS.items()]
NEEDED = {
    "ema_momentum": {"ema_teacher": True},
    "coop_tokens": {"text_encoder": "conch", "text_options": {"preset": "tiny"}, "embed_dim": 32},
    "norm": {"batch_size": 4, "unlabelled_batch_size": 4},
}


@pytest.mark.parametrize(
    ("name", "value", "part", "read", "wanted"), CASES, ids=[c[0] for c in CASES]
)
def test_switch_reaches_its_part(toy, prompts, tmp_path, name, value, part, read, wanted):
    common = NEEDED.get(name, {})
    before = build(toy, prompts, tmp_path, **common)
    after = build(toy, prompts, tmp_path, **common, **{name: value})
    assert read(before.get_parsed_content(part)) != wanted
    assert read(after.get_parsed_content(part)) == wanted


def test_a_class_described_by_the_nearest_sentence(toy, prompts, tmp_path):
    """``text_agg max`` keeps each sentence, ``mean`` one vector a class."""
    content = json.loads(prompts.read_text())
    content["sets"]["pathology"]["disc"].append({"text": "a round one", "source": "plain"})
    own = tmp_path / "own.json"
    own.write_text(json.dumps(content))
    shapes = [
        tuple(build(toy, own, tmp_path, text_agg=way).get_parsed_content("text")().shape)
        for way in ("mean", "max")
    ]
    assert shapes == [(2, 1, 8), (2, 2, 8)]


def test_a_wide_head_keeps_the_size(toy, prompts, tmp_path, rng):
    network = build(toy, prompts, tmp_path, head_kernel=3).get_parsed_content("network_def").eval()
    image = 255 * torch.rand(1, 3, 40, 56, generator=rng)
    assert network(image).shape == (1, 2, 40, 56)
