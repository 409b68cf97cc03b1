"""Names and choices are looked at before a training is queued."""

import pytest

from monai_ext.label.known_names import KnownNames

KNOWN = KnownNames(trainers=("glands",), strategies=("random", "coverage"))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "train/glands", b"{}"),
        ("POST", "train/glands", b""),
        ("POST", "train/glands", b'{"steps": 5, "ssl": "supervised"}'),
        ("POST", "activelearning/random", b"whatever"),
        ("GET", "train/other", b""),
        ("DELETE", "train/", b""),
        ("POST", "infer/other", b""),
    ],
)
def test_sound_requests_go_on(method, path, body):
    assert KNOWN.refusal(method, path.split("/"), body) is None


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("train/other", b"{}", 404, "no segmenter that learns 'other': glands"),
        ("train", b"{}", 404, "no segmenter that learns ''"),
        ("activelearning/best", b"", 404, "no strategy 'best': random, coverage"),
        ("train/glands", b'{"steps": -1}', 422, "steps=-1. Rule: a number above 0"),
        ("train/glands", b'{"ssl": "magic"}', 422, "ssl='magic'"),
        ("train/glands", b'{"steps": true}', 422, "steps=True"),
    ],
)
def test_others_are_told_what_there_is(path, body, status, words):
    found = KNOWN.refusal("POST", path.split("/"), body)
    assert found is not None
    assert (found[0], words in found[1]) == (status, True), found


def test_without_a_segmenter_nothing_learns():
    found = KnownNames((), ()).refusal("POST", ["train", "abmil"], b"{}")
    assert found == (404, "no segmenter that learns 'abmil': none")
