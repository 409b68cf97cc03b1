"""Context takes its places, and the tower is frozen, unseen and moved along."""

import pytest
import torch
from torch import nn

from monai_ext.errors import SettingError
from monai_ext.networks.encoders.prompt_context import PromptContext


def build(n_ctx=2, **given):
    numbers = {"most": 3, "class_specific": False, "std": 0.5, "seed": 0} | given
    return PromptContext(nn.Linear(4, 4), 3, 4, n_ctx, **numbers)


def test_context_stands_behind_the_first_token(rng):
    words = torch.randn(3, 6, 4, generator=rng)
    for own in (False, True):
        made = build(class_specific=own)
        found = made.with_context(words)
        assert torch.equal(found[:, :1], words[:, :1])
        assert torch.equal(found[:, 1:3], made.ctx.expand(3, -1, -1))
        assert torch.equal(found[:, 3:], words[:, 3:])
        assert len(made.ctx) == (3 if own else 1)


def test_the_tower_is_frozen_unseen_and_moved_along():
    made = build()
    assert [name for name, _ in made.named_parameters()] == ["ctx"]
    assert list(made.state_dict()) == ["ctx"]
    assert not any(p.requires_grad for p in made.tower.parameters())
    assert not made.tower.training
    made.double()
    assert made.tower.weight.dtype == made.ctx.dtype == torch.double


def test_the_draw_is_the_seeds_and_its_spread_the_one_asked_for():
    assert torch.equal(build().ctx, build().ctx)
    assert not torch.equal(build().ctx, build(seed=1).ctx)
    torch.testing.assert_close(build(std=1.0).ctx, 2 * build().ctx)


@pytest.mark.parametrize("n_ctx", [0, 4])
def test_no_place_for_a_word_is_refused(n_ctx):
    with pytest.raises(SettingError, match=f"n_ctx={n_ctx}.*1 to 3"):
        build(n_ctx)
