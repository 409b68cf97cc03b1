"""Every link of the chain decides the id."""

from dataclasses import fields, replace

import pytest

from monai_ext.outputs.provenance import Provenance

CHAIN = Provenance("slide", "grid", "encoder", "weights", "split", "checkpoint")


@pytest.mark.parametrize("link", [item.name for item in fields(Provenance)])
def test_each_link_changes_the_id(link):
    assert replace(CHAIN, **{link: "other"}).id != CHAIN.id
    assert replace(CHAIN, **{link: None}).id != CHAIN.id


def test_mapping_holds_the_id_and_the_links():
    mapping = CHAIN.mapping()
    assert len(mapping["id"]) == 16
    assert Provenance(**{k: v for k, v in mapping.items() if k != "id"}).id == mapping["id"]
