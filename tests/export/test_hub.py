"""A packed bundle reaches a Hugging Face hub whole; the hub is a stand-in on loopback."""

import json
import zipfile

import huggingface_hub
import pytest
from monai.bundle import push_to_hf_hub

from monai_ext.export import bundle_files
from tests.export.hub_stand_in import hub_stand_in
from tests.export.test_package import packed


@pytest.fixture
def hub(monkeypatch):
    with hub_stand_in() as hub:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.address)
        yield hub


def test_all_files_arrive_with_the_card_and_the_version(bundle, tmp_path, hub):
    archive, _ = packed(bundle, tmp_path)
    zipfile.ZipFile(archive).extractall(tmp_path / "unpacked")
    inside = tmp_path / "unpacked" / bundle.name
    own = {path.relative_to(inside).as_posix(): path.read_bytes() for path in bundle_files(inside)}
    version = json.loads(own["configs/metadata.json"])["version"]
    push_to_hf_hub(
        repo=f"someone/{bundle.name}",
        name=bundle.name,
        bundle_dir=str(tmp_path / "unpacked"),
        token="hf_none",  # noqa: S106 - a word, for a server that asks for none
        version=version,
        tag_as_latest_version=True,
    )
    card = hub.files.pop("README.md").decode()
    assert hub.files == own
    assert [name for name in own if name.startswith("wheels/")]
    head, text = card.removeprefix("---\n").split("\n---\n", 1)
    assert {"monai", "medical"} <= {word.strip("- ") for word in head.splitlines()}
    assert "apache-2.0" in head.lower()
    assert text.strip() == own["docs/README.md"].decode().strip()
    assert [tag["tag"] for tag in hub.tags] == ["0.1.0", "latest_version"]
    assert hub.created[0]["visibility"] == "private"
