"""Every item of a config that would do something is found."""

import pytest

from monai_ext.trust.findings import find_in_config

CONFIG = {
    "imports": [
        "$from monai_ext.flags import as_path",
        "$from monai_ext.engines import begin_from",
    ],
    "run_dir": "$as_path(@output_dir)",
    "output_dir": "eval",
    "net": {"_target_": "torch.nn.Linear", "in_features": "$1 + 1"},
    "start": "$begin_from(@net, 'w.pt', @run_dir)",
    "log": [{"_target_": "monai_ext.engines.MetricsCsv", "path": "$@run_dir / 'm.csv'"}],
    "text": "costs 5 $ or user@host",
}


def found(config=CONFIG, *given, kind=None, **options):
    return {
        (one.kind, one.where): (one.what, one.fault)
        for one in find_in_config(config, *given, **options)
        if kind in {None, one.kind}
    }


def test_all_kinds_are_listed_with_their_places():
    assert found() == {
        ("imports", "imports::0"): ("$from monai_ext.flags import as_path", ""),
        ("imports", "imports::1"): ("$from monai_ext.engines import begin_from", ""),
        ("evaluates", "run_dir"): ("$as_path(@output_dir)", ""),
        ("builds", "net"): ("torch.nn.Linear", "not a target that we know"),
        ("evaluates", "net::in_features"): ("$1 + 1", ""),
        ("evaluates", "start"): ("$begin_from(@net, 'w.pt', @run_dir)", ""),
        ("writes", "start"): ("eval", ""),
        ("builds", "log::0"): ("monai_ext.engines.MetricsCsv", ""),
        ("writes", "log::0::path"): ("eval/m.csv", ""),
        ("evaluates", "log::0::path"): ("$@run_dir / 'm.csv'", ""),
    }


def test_places_are_those_with_what_is_given():
    places = found(CONFIG, {"output_dir": "/mine"}, kind="writes", roots=["/mine"])
    assert set(places.values()) == {("/mine", ""), ("/mine/m.csv", "")}
    outside = found(CONFIG, {"output_dir": "/mine"}, kind="writes", roots=["/other"])
    assert {fault for _, fault in outside.values()} == {"outside of the output folder"}


def test_given_ids_are_not_looked_at():
    assert ("builds", "net") not in found(CONFIG, {"net": {"_target_": "os.system"}})


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ({"_target_": "Compose", "_mode_": "debug"}, "_mode_ debug"),
        ({"_target_": "Compose", "_mode_": "callable"}, "_mode_ callable"),
        ({"_target_": "Compose", "_mode_": ["x"]}, "_mode_ ['x']"),
        ({"_target_": ["Compose"]}, "not a target that we know"),
        ({"_target_": "compose"}, "not a target that we know"),
        ({"_target_": " Compose"}, "not a target that we know"),
        ({"_target_": "TensorBoardStatsHandler"}, "no log_dir"),
        ({"a#b": 1}, "a key that is no plain name"),
        ({"+a": [1]}, "a key that is no plain name"),
        ({"": 1}, "a key that is no plain name"),
        ({"a:": 1}, "a key that is no plain name"),
        ({"/x": 1}, "a key that is no plain name"),
        ({"compile": True}, "a key that makes MONAI or torch do more"),
        ({"_debug_": True}, "a key that makes MONAI or torch do more"),
        ("$from monai_ext.flags import as_path", "an import outside of imports"),
        ("@imports::0", "a reference to imports"),
        ("%imports", "a reference to imports"),
        ("$@imports[0]", "a reference to imports"),
        ("%other.json::a", "a part of another file"),
        ("%/etc/x.yaml", "a part of another file"),
        ("$@##a", "a relative id"),
        ("@##a", "a relative id"),
        ("%##a", "a relative id"),
    ],
)
def test_faults_of_single_items(item, fault):
    assert fault in [one.fault for one in find_in_config({"x": [item]})]


def test_a_macro_of_this_file_passes_and_its_place_is_followed():
    writer = {"_target_": "monai_ext.engines.MetricsCsv", "path": "%place"}
    good = find_in_config({"w": writer, "place": "eval/m.csv"})
    assert [one.fault for one in good] == ["", ""]
    bad = find_in_config({"w": writer, "place": "/etc/m.csv"})
    assert [one.fault for one in bad] == ["", "outside of the output folder"]


def test_what_may_be_handed_on_uncalled_passes():
    item = {"_target_": "monai_ext.engines.fit_standardization", "_mode_": "callable"}
    assert [one.fault for one in find_in_config({"x": item})] == [""]


def test_a_place_that_cannot_be_told_is_refused():
    writer = {"_target_": "monai_ext.engines.MetricsCsv", "path": {"_target_": "Compose"}}
    faults = [one.fault for one in find_in_config({"w": writer}) if one.kind == "writes"]
    assert len(faults) == 1
    assert "cannot be told" in faults[0]
