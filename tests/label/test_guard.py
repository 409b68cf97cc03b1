"""Who is let through, and with what."""

import asyncio
import json
from urllib.parse import quote, urlencode

import pytest

from monai_ext.label.guard import Guard, GuardRules
from tests.label.asgi_parts import Echo, ask, scope_of

TOKEN = "a-long-word"  # noqa: S105
BEARER = {"authorization": f"Bearer {TOKEN}"}


def guard(token=TOKEN, **rules):
    return Guard(Echo(), GuardRules(token=token, **rules))


def passed(app):
    return [path for path, _ in app.app.seen]


def test_a_sound_request_goes_through_with_its_body():
    app = guard()
    assert ask(app, "/infer/wsi/glands", "image=slide+1", [b"ab", b"c"], headers=BEARER)[0] == 200
    assert app.app.seen == [("/infer/wsi/glands", b"abc")]


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer other"}, {"authorization": TOKEN}]
)
def test_without_the_token_nothing_goes_through(headers):
    app = guard()
    status, said = ask(app, "/info/", headers=headers)
    assert (status, said) == (401, {"detail": "the token is missing or wrong"})
    assert passed(app) == []


def test_no_token_may_be_asked_for():
    app = guard(token=None)
    assert ask(app, "/info/")[0] == 200
    assert ask(app, "/auth/")[1]["enabled"] is False


def test_stock_clients_log_in_with_the_token_as_password():
    app = guard()
    assert ask(app, "/auth/")[1]["enabled"] is True
    form = urlencode({"username": "me", "password": TOKEN}).encode()
    status, said = ask(app, "/auth/token", bodies=[form], method="POST")
    assert (status, said["token_type"], said["access_token"]) == (200, "Bearer", TOKEN)
    wrong = urlencode({"username": "me", "password": "guess"}).encode()
    assert ask(app, "/auth/token", bodies=[wrong], method="POST")[0] == 401
    assert ask(app, "/auth/token/valid", headers=BEARER)[0] == 200
    assert ask(app, "/auth/token/valid")[0] == 401
    assert passed(app) == []


@pytest.mark.parametrize(
    ("client", "host", "is_local"),
    [
        (("127.0.0.1", 1), "localhost:8000", True),
        (("::1", 1), "[::1]:8000", True),
        (("192.168.1.7", 1), "127.0.0.1:8000", False),
        (("127.0.0.1", 1), "evil.example:8000", False),
    ],
)
def test_only_this_machine_is_served(client, host, is_local):
    given = {"client": client, "headers": {**BEARER, "host": host}}
    assert ask(guard(), "/info/", **given)[0] == (200 if is_local else 403)
    assert ask(guard(is_remote_allowed=True), "/info/", **given)[0] == 200


def test_pages_of_other_sites_may_not_ask():
    other = {**BEARER, "origin": "http://evil.example"}
    own = {**BEARER, "origin": "http://127.0.0.1:8000"}
    assert ask(guard(), "/info/", headers=other)[0] == 403
    assert ask(guard(), "/info/", headers=own)[0] == 200


UNOFFERED = ["/proxy/dicom/x", "/session/", "/model/glands", "/logs/", "/reload", "/ohif/index"]
UNOFFERED += ["/datastore/dataset", "/datastore/dataset/"]


@pytest.mark.parametrize("path", UNOFFERED)
def test_what_is_not_for_slides_is_not_offered(path):
    app = guard()
    assert ask(app, path, headers=BEARER) == (404, {"detail": "not offered"})
    assert passed(app) == []


@pytest.mark.parametrize(
    "name",
    ["a\n", "../x", "/etc/passwd", "a/b", "a\\b", ".hidden", "C:x", "a\0b", "x" * 201, "a\nb"],
)
@pytest.mark.parametrize("key", ["image", "label", "id", "tag"])
def test_names_that_are_paths_are_refused(name, key):
    app = guard()
    status, said = ask(app, "/datastore/label", f"{key}={quote(name)}", headers=BEARER)
    assert status == 400
    assert "is no name" in said["detail"]
    assert passed(app) == []


def test_a_path_in_the_path_is_refused():
    assert ask(guard(), "/infer/../../x", headers=BEARER)[0] == 400
    assert ask(guard(), "/infer/wsi/..", headers=BEARER)[0] == 400


@pytest.mark.parametrize("name", ["TCGA-CR-7395-01A-01-TS1.ABC", "ü #1 (2)", "slide_1"])
def test_names_of_slides_are_not(name):
    assert ask(guard(), "/infer/wsi/glands", f"image={quote(name)}", headers=BEARER)[0] == 200


@pytest.mark.parametrize(
    "query", ["session_id=1", "output=image", "output=json&output=dicom_seg", "run_sync=1"]
)
def test_what_cannot_be_answered_is_said(query):
    status, said = ask(guard(), "/infer/glands", query, headers=BEARER)
    assert status == 400
    assert "offered" in said["detail"] or "output=json" in said["detail"]


def test_a_body_that_is_too_large_is_cut_off_while_it_comes():
    app = guard(max_body_mib=1)
    parts = [b"x" * 2**19] * 3
    assert ask(app, "/datastore/image", bodies=parts, headers=BEARER)[0] == 413
    assert ask(app, "/datastore/image", bodies=parts[:2], headers=BEARER)[0] == 200
    assert len(app.app.seen) == 1


def test_of_strangers_no_body_is_read():
    unread = [b"x" * 2**19] * 3
    assert ask(guard(), "/datastore/image", bodies=unread)[0] == 401
    assert len(ask.waiting) == 3
    assert ask(guard(), "/auth/token", bodies=unread, method="POST")[0] == 413


def test_a_training_is_told_what_clients_may_choose_and_nothing_else():
    app = guard(train_keys=("steps", "ssl"))
    body = b'{"steps": 7, "bundle_path": "/tmp/x", "gpus": 1, "request": {}}'
    assert ask(app, "/train/glands", bodies=[body], method="POST", headers=BEARER)[0] == 200
    assert ask(app, "/train/glands", method="POST", headers=BEARER)[0] == 200
    assert [json.loads(seen) for _, seen in app.app.seen] == [{"steps": 7}, {}]
    for unsound in (b"[1]", b"{", b'"x"', b"[" * 100_000):
        status, said = ask(app, "/train/x", bodies=[unsound], method="POST", headers=BEARER)
        assert (status, said) == (400, {"detail": "the body is a JSON object"})
    assert len(app.app.seen) == 2


@pytest.mark.parametrize("host", ["evil.example", "server.local:8000"])
def test_without_a_token_no_name_is_believed(host):
    given = {"headers": {"host": host, "origin": f"http://{host}"}}
    app = guard(token=None, is_remote_allowed=True)
    assert ask(app, "/info/", **given)[0] == 403
    assert ask(app, "/info/", headers={"host": "192.168.1.2:8000"})[0] == 200


def test_a_request_that_is_broken_off_goes_nowhere():
    app, sent = guard(), []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = scope_of("/train/glands", method="POST", headers=BEARER)
    asyncio.run(app(scope, receive, send))
    assert passed(app) == []


def test_starting_and_ending_go_through_and_sockets_do_not():
    seen = []

    async def inner(scope, receive, send):
        seen.append(scope["type"])

    app = Guard(inner, GuardRules(token=TOKEN))
    asyncio.run(app({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]
    with pytest.raises(RuntimeError, match="websocket is not offered"):
        asyncio.run(app({**scope_of("/"), "type": "websocket"}, None, None))
