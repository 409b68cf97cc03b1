"""Every number and switch of a config reaches its part of the objective."""

import pytest
from torch import nn

from monai_ext.engines.prototype_setup import build_prototype_objective
from monai_ext.errors import SettingError


def test_numbers_reach_their_parts():
    text = nn.Identity()
    made = build_prototype_objective(
        3,
        8,
        text=text,
        per_class=4,
        momentum=0.7,
        temperature=0.2,
        lambda_txt=0.5,
        assign="sinkhorn",
        seed=9,
    )
    assert made.bank.vectors.shape == (3, 4, 8)
    assert (made.bank.momentum, made.bank.seed) == (0.7, 9)
    assert made.loss.temperature == 0.2
    assert made.loss.use_alignment
    assert made.loss.use_contrast
    assert (made.text, made.lambda_txt, made.assign) == (text, 0.5, "sinkhorn")


def test_words_are_switches():
    made = build_prototype_objective(2, 4, text=nn.Identity(), use_img_proto="False")
    assert made.bank is None
    assert not build_prototype_objective(2, 4, text=None, use_pal="no").loss.use_alignment
    assert not build_prototype_objective(2, 4, text=None, use_pcl="0").loss.use_contrast


@pytest.mark.parametrize("off", [{"use_img_proto": False}, {"use_pal": False, "use_pcl": False}])
def test_nothing_left_is_refused(off):
    with pytest.raises(SettingError, match="use --ssl unimatch"):
        build_prototype_objective(2, 4, text=None, **off)
