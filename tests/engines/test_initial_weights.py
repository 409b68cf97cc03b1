import logging

import pytest
import torch
from torch import nn

from monai_ext.engines import begin_from


def network(width=3):
    return nn.Sequential(nn.Linear(2, width), nn.Linear(width, 1))


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_every_weight_is_that_of_the_file(tmp_path, is_wrapped):
    one, other = network(), network()
    state = one.state_dict()
    torch.save({"model": state} if is_wrapped else state, tmp_path / "model.pt")
    found = begin_from(other, str(tmp_path / "model.pt"))
    assert found is other
    for name, value in found.state_dict().items():
        torch.testing.assert_close(value, state[name], rtol=0, atol=0)


def test_none_leaves_the_network_alone():
    one = network()
    before = {name: value.clone() for name, value in one.state_dict().items()}
    for given in (None, ""):
        assert begin_from(one, given) is one
    assert all(torch.equal(value, before[name]) for name, value in one.state_dict().items())


def test_another_network_is_refused_in_one_line(tmp_path):
    torch.save(network(5).state_dict(), tmp_path / "model.pt")
    with pytest.raises(SystemExit, match="is of another network") as stop:
        begin_from(network(), tmp_path / "model.pt", tmp_path)
    assert "\n" not in str(stop.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"initial_weights=.*absent\.pt does not exist"):
        begin_from(network(), tmp_path / "absent.pt")


def test_an_embedding_of_another_width_begins_anew_and_says_so(tmp_path, caplog):
    def built(width, head=1):
        parts = {"body": nn.Linear(2, 3), "embed": nn.Linear(3, width), "head": nn.Linear(3, head)}
        network = nn.ModuleDict(parts)
        network.register_buffer("prototypes", torch.zeros(0, width))
        return network

    one, other = built(4), built(6)
    torch.save(one.state_dict(), tmp_path / "model.pt")
    embed = other["embed"].weight.clone()
    with caplog.at_level(logging.WARNING):
        begin_from(other, tmp_path / "model.pt")
    torch.testing.assert_close(other["body"].weight, one["body"].weight, rtol=0, atol=0)
    torch.testing.assert_close(other["embed"].weight, embed, rtol=0, atol=0)
    assert "embed has another width" in caplog.text
    with pytest.raises(SystemExit, match="size mismatch for head"):
        begin_from(built(4, head=2), tmp_path / "model.pt")
