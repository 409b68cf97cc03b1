import pytest

from monai_ext.errors import BundleError
from monai_ext.export.identity import demo_name, require_name, with_version

OLD = {"version": "0.1.0", "changelog": {"0.1.0": "First"}, "name": "x"}


@pytest.mark.parametrize("name", ["lung_m2otca_classification", "a", "net_vision"])
def test_names_that_can_be_split_pass(name):
    assert require_name(name) == name


def test_demo_is_in_the_name_and_the_task_stays_last():
    assert demo_name("pathology_x_classification") == "pathology_x_demo_classification"
    assert demo_name("net") == "demo_net"


@pytest.mark.parametrize("name", ["lung_v2", "Lung", "2lung", "a-b", "a b", "../a", ""])
def test_other_names_are_refused(name):
    with pytest.raises(BundleError, match="a bundle is called"):
        require_name(name)


def test_a_new_version_comes_first_and_the_old_metadata_stay():
    new = with_version(OLD, "0.2.0-demo", " Trained ")
    assert new["version"] == "0.2.0-demo"
    assert list(new["changelog"].items()) == [("0.2.0-demo", "Trained"), ("0.1.0", "First")]
    assert new["name"] == "x"
    assert OLD["changelog"] == {"0.1.0": "First"}


@pytest.mark.parametrize(
    ("version", "change", "told"),
    [
        ("1.0", "x", "three numbers"),
        ("1.0.0-beta", "x", "three numbers"),
        ("0.1.0", "x", "is in the changelog"),
        ("0.2.0", " ", "--change"),
    ],
)
def test_versions_that_say_nothing_new_are_refused(version, change, told):
    with pytest.raises(BundleError, match=told):
        with_version(OLD, version, change)
