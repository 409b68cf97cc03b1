import torch

from monai_ext.networks.encoders.dinov2_names import in_timm_names

BLOCK = "encoder.layer.3."


def test_query_key_and_value_become_one_matrix_in_this_order():
    state = {f"{BLOCK}attention.attention.{part}.weight": torch.full((2, 2), float(k))
             for k, part in enumerate(("query", "key", "value"))}  # fmt: skip
    found = in_timm_names(state, 16)
    assert list(found) == ["blocks.3.attn.qkv.weight"]
    assert found["blocks.3.attn.qkv.weight"][:, 0].tolist() == [0, 0, 1, 1, 2, 2]


def test_parts_get_timms_names():
    state = {
        "embeddings.cls_token": "cls_token",
        "embeddings.patch_embeddings.projection.bias": "patch_embed.proj.bias",
        "layernorm.weight": "norm.weight",
        f"{BLOCK}attention.output.dense.bias": "blocks.3.attn.proj.bias",
        f"{BLOCK}layer_scale2.lambda1": "blocks.3.ls2.gamma",
        f"{BLOCK}mlp.weights_in.weight": "blocks.3.mlp.fc1.weight",
        f"{BLOCK}norm1.weight": "blocks.3.norm1.weight",
    }
    found = in_timm_names({key: torch.zeros(1) for key in state}, 16)
    assert list(found) == list(state.values())


def test_mask_token_is_dropped_and_the_unknown_is_kept_for_the_error():
    state = {"embeddings.mask_token": torch.zeros(1), "pooler.weight": torch.zeros(1)}
    state[f"{BLOCK}attention.attention.query.bias"] = torch.zeros(2)
    found = in_timm_names(state, 16)
    assert set(found) == {"pooler.weight", "blocks.3.attention.attention.query.bias"}


def test_positions_are_resampled():
    state = {"embeddings.position_embeddings": torch.zeros(1, 1 + 37 * 37, 8)}
    assert in_timm_names(state, 16)["pos_embed"].shape == (1, 257, 8)
