"""On bags whose classes are told by the directions of their texts, a trained network obeys them."""

from statistics import mean, stdev

import pytest
import torch
from torch.nn import functional

from monai_ext.data import controlled_texts
from monai_ext.networks.nets.libra_mil import LibraMIL
from tests.experiments.planted_texts import DIM, paraphrased, planted_bags, planted_texts

DRAWS = 24


def auc(scores, labels):
    yes, no = scores[labels == 1, None], scores[labels == 0]
    return float(((yes > no).double() + 0.5 * (yes == no)).mean())


@pytest.fixture(scope="module", params=[{}, {"use_proj": False}, {"fusion": "none"}], ids=str)
def trained(request):
    """Texts, a network trained with them frozen, and a function that tests it with other ones."""
    texts, generator = planted_texts(1), torch.Generator().manual_seed(0)
    bags, labels = planted_bags(texts, 40, generator)
    tested, truth = planted_bags(texts, 100, generator)
    torch.manual_seed(0)  # noqa: TID251
    net = LibraMIL(
        DIM, 2, num_vision_prototypes=4, num_text_prototypes=6, text_dim=DIM, hidden_dim=32,
        freeze_text_bank=True, freeze_bag_query=True, **request.param,
    )  # fmt: skip
    net.set_text(texts.instances, texts.classes)
    free = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(free, lr=3e-3)
    for _ in range(25):
        for chosen in torch.randperm(len(bags)).split(4):
            optimizer.zero_grad()
            functional.cross_entropy(net(bags[chosen]), labels[chosen]).backward()
            optimizer.step()

    def test(other):
        net.set_text(other.instances, other.classes)
        with torch.no_grad():
            logits = net(tested)
        net.set_text(texts.instances, texts.classes)
        return auc(logits[:, 1] - logits[:, 0], truth)

    return texts, test


@pytest.mark.slow
def test_true_texts_tell_the_classes(trained):
    texts, test = trained
    assert test(texts) > 0.9


@pytest.mark.slow
def test_swapped_texts_turn_the_answers_round(trained):
    texts, test = trained
    assert test(controlled_texts(texts, "swapped", seed=0)) < 0.2


@pytest.mark.slow
@pytest.mark.parametrize("control", ["shuffled", "random"])
def test_texts_without_meaning_are_worth_nothing_on_average(trained, control):
    texts, test = trained
    found = [test(controlled_texts(texts, control, seed=k)) for k in range(DRAWS)]
    reach = 2.8 * stdev(found) / DRAWS**0.5
    assert abs(mean(found) - 0.5) < reach < 0.35


@pytest.mark.slow
def test_paraphrases_change_little(trained):
    texts, test = trained
    for seed in range(3):
        assert abs(test(paraphrased(texts, seed)) - test(texts)) <= 0.02
