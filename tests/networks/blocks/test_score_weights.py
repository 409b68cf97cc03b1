import pytest
import torch

from monai_ext.networks.blocks.score_weights import SCORE_NORMS, score_weights

SCORE = torch.tensor([[0.3, -0.1, 0.2, 9.0]])
MASK = torch.tensor([[True, True, True, False]])


def test_softmax_n_has_mean_one_over_the_real_instances_and_keeps_their_order():
    found = score_weights(SCORE, MASK, "softmax_n", 0.1)[0]
    torch.testing.assert_close(found[:3].mean(), torch.tensor(1.0))
    torch.testing.assert_close(found[0] / found[2], torch.tensor(1.0).exp())


@pytest.mark.parametrize("norm", SCORE_NORMS)
def test_masked_instances_have_no_weight(norm):
    assert score_weights(SCORE, MASK, norm, 0.1)[0, 3] == 0
    assert score_weights(SCORE, MASK & False, norm, 0.1).abs().sum() == 0


def test_elementwise_forms_are_what_they_say():
    assert score_weights(SCORE, MASK, "none", 0.1).tolist()[0] == [*SCORE.tolist()[0][:3], 0.0]
    assert score_weights(SCORE, MASK, "relu", 0.1)[0, 1] == 0
    expected = torch.tensor(0.3).sigmoid()
    torch.testing.assert_close(score_weights(SCORE, MASK, "sigmoid", 0.1)[0, 0], expected)


def test_other_names_are_refused():
    with pytest.raises(ValueError, match="score_norm=max is unknown"):
        score_weights(SCORE, MASK, "max", 0.1)
