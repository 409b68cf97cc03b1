"""What may explain, and in which state it does."""

from types import SimpleNamespace

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from monai_ext.errors import SettingError
from monai_ext.outputs.explain_item import explain_item, explaining_network


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def explain(self, bag):
        self.seen = (tuple(bag.shape), self.training, torch.is_grad_enabled())
        return {"logits": self.drop(bag[:, :2, 0].double()), "attention": bag[:, 0] * 2}


def _engine(network):
    engine = Engine(lambda _engine, _batch: None)
    engine.network = network
    engine.state.device = torch.device("cpu")
    return engine


def test_network_explains_one_bag_in_eval_mode_and_is_put_back():
    net = Net().train()
    found = explain_item(_engine(net), torch.arange(15.0).reshape(5, 3))
    assert net.seen == ((1, 5, 3), False, False)
    assert net.training
    assert found["logits"].tolist() == [0.0, 3.0]
    assert found["attention"].tolist() == [0.0, 2.0, 4.0]
    assert found["logits"].dtype == torch.float32


def test_data_parallel_shell_is_taken_off():
    net = Net()
    assert explaining_network(_engine(SimpleNamespace(module=net))) is net


@pytest.mark.parametrize("network", [None, nn.Linear(1, 1)])
def test_network_that_cannot_explain_is_refused(network):
    with pytest.raises(SettingError, match=r"network (NoneType|Linear).*explain\(bag\)"):
        explaining_network(_engine(network))


def test_other_entries_are_given_or_refused_by_name():
    engine = _engine(Net())
    bag = torch.arange(15.0).reshape(5, 3)
    assert list(explain_item(engine, bag, ("attention",))) == ["attention"]
    with pytest.raises(SettingError, match="explain gives no text_similarity"):
        explain_item(engine, bag, ("attention", "text_similarity"))
