"""Requests of strangers to the real server: a sentence, and nothing else."""

import socket
import time

import pytest

from tests.label.hostile_requests import FORM, HOSTILE
from tests.label.server import PYTHON

pytestmark = pytest.mark.skipif(
    not PYTHON.is_file(),
    reason=f"no MONAI Label at {PYTHON}: scripts/setup_label.sh makes it",
)


def everything(work):
    """Files of the server by content, but its logs, tables and caches."""
    kept = [path for path in work.iterdir() if not path.name.endswith("_tmp")]
    files = [path for top in kept for path in (top, *top.rglob("*")) if path.is_file()]
    return {
        path.relative_to(work).as_posix(): hash(path.read_bytes())
        for path in files
        if path.suffix not in {".log", ".pyc", ".lock"}
    }


@pytest.mark.parametrize(
    "name", [name for name, given in HOSTILE.items() if "label" not in given[1]]
)
def test_hostile_requests_get_a_sentence_and_nothing_else(server, work, name):
    method, path, body, *rest = HOSTILE[name]
    query = rest[0] if rest else {}
    before = everything(work)
    if isinstance(body, tuple) and body[0] == FORM:
        status, said = server.send(method, path, *body[1:], output="json", **query)
    else:
        status, said = server.ask(method, path, body, **query)
    assert 400 <= status < 500, said
    assert len(said) < 200_000
    assert b"root:" not in said
    assert b"Traceback" not in said
    assert everything(work) == before
    assert server.ask("GET", "/info/")[0] == 200


@pytest.mark.parametrize("name", [name for name, given in HOSTILE.items() if "label" in given[1]])
def test_hostile_annotations_are_refused_or_passed_over(server, work, name):
    method, path, body, *rest = HOSTILE[name]
    query = rest[0] if rest else {}
    if isinstance(body, tuple):
        status, said = server.send(method, path, *body[1:], **query)
    else:
        status, said = server.ask(method, path, body, **query)
    started = time.monotonic()
    asked = {"image": "", "patch_size": [64, 64]}
    found, chosen = server.ask("POST", "/activelearning/coverage", asked)
    assert time.monotonic() - started < 60
    assert status == 200 or 400 <= status < 500, said
    assert b"root:" not in said + chosen
    assert found == 200, chosen
    server.ask("DELETE", "/datastore/label", id="one")


def test_there_are_as_many_as_promised():
    assert len(HOSTILE) >= 20


def test_a_body_that_never_ends_is_cut_off(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        head = f"POST /infer/wsi/glands?image=one HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        head += f"Authorization: Bearer {server.token}\r\nTransfer-Encoding: chunked\r\n\r\n"
        line.sendall(head.encode())
        said, chunk = b"", b"100000\r\n" + bytes(2**20) + b"\r\n"
        try:
            for _ in range(600):
                line.sendall(chunk)
            said = line.recv(1000)
        except ConnectionError:
            pass
    assert said == b"" or b" 413 " in said.split(b"\r\n")[0]
    assert server.ask("GET", "/info/")[0] == 200
