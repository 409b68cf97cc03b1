"""Faults are answers in plain words."""

import json
import logging

import pytest

from monai_ext.label.plain_faults import PlainFaults
from tests.label.asgi_parts import Echo, ask


def failing(error, *before):
    async def server(scope, receive, send):
        for message in before:
            await send(message)
        raise error

    return PlainFaults(server)


def answering(status, body):
    async def server(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return PlainFaults(server)


def broken_json():
    try:
        json.loads("{")
    except ValueError as error:
        return error


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (broken_json(), 400, "no JSON that can be read"),
        (RecursionError("deep"), 400, "no JSON that can be read"),
        (KeyError("/secret/place"), 500, "the server failed (KeyError); its log says where"),
    ],
)
def test_exceptions_are_said_in_a_sentence_and_logged(error, status, words, caplog):
    start = {"type": "http.response.start", "status": 500, "headers": []}
    with caplog.at_level(logging.ERROR):
        found, said = ask(failing(error, start), "/infer/glands")
    assert (found, words in said["detail"]) == (status, True)
    assert "secret" not in said["detail"]
    assert "/infer/glands" in caplog.text
    assert type(error).__name__ in caplog.text


def test_a_500_that_the_server_means_is_the_clients_fault():
    assert ask(answering(500, b'{"detail": "no image"}'), "/infer/a") == (
        422,
        {"detail": "no image"},
    )
    assert ask(answering(500, b"Traceback"), "/infer/a") == (
        422,
        {"detail": "this cannot be answered"},
    )


@pytest.mark.parametrize("status", [200, 404, 422])
def test_other_answers_pass_as_they_are(status):
    assert ask(answering(status, b'{"a": 1}'), "/infer/a") == (status, {"a": 1})


def test_bodies_pass():
    echo = Echo()
    assert ask(PlainFaults(echo), "/info/", bodies=[b"ab"])[0] == 200
    assert echo.seen == [("/info/", b"ab")]
