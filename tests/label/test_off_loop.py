"""While a slow request computes, others are answered."""

import asyncio
import threading

import pytest

from monai_ext.label.off_loop import OffLoop
from tests.label.asgi_parts import Echo, ask, scope_of


class Slow:
    """Blocks its thread until it is let go, as a computing coroutine does."""

    def __init__(self):
        self.begun, self.go = threading.Event(), threading.Event()
        self.running, self.most, self.threads = 0, 0, set()

    async def __call__(self, scope, receive, send):
        if scope["path"].startswith("/infer"):
            self.threads.add(threading.get_ident())
            self.running += 1
            self.most = max(self.most, self.running)
            self.begun.set()
            assert self.go.wait(20)
            self.running -= 1
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


def test_others_are_answered_and_slow_ones_take_turns():
    server = Slow()
    answers = []

    async def request(app, path):
        async def receive():
            return {"type": "http.request", "body": path.encode(), "more_body": False}

        async def send(message):
            if "body" in message:
                answers.append(message["body"].decode())

        await app(scope_of(path), receive, send)

    async def main():
        app = OffLoop(server, ["infer"])
        slow = [asyncio.create_task(request(app, f"/infer/{k}")) for k in range(2)]
        await asyncio.to_thread(server.begun.wait, 20)
        await asyncio.wait_for(request(app, "/info/"), 20)
        assert answers == ["/info/"]
        server.go.set()
        await asyncio.gather(*slow)

    asyncio.run(main())
    assert answers == ["/info/", "/infer/0", "/infer/1"]
    assert server.most == 1
    assert threading.get_ident() not in server.threads


def test_an_answer_is_bytes_and_no_disconnect_cuts_it_short():
    """As starlette's FileResponse does it, which listens for a disconnect beside sending."""

    async def server(scope, receive, send):
        assert scope["extensions"] == {}
        await receive()
        listening = asyncio.create_task(receive())
        await asyncio.sleep(0.05)
        assert not listening.done()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'"whole"'})
        listening.cancel()

    assert ask(OffLoop(server, ["infer"]), "/infer/a") == (200, "whole")


def test_a_fault_reaches_the_server():
    async def server(scope, receive, send):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        ask(OffLoop(server, ["infer"]), "/infer/a")


def test_too_many_are_told_so_and_the_next_is_let_in_again():
    server, answers = Slow(), []

    async def request(app, path):
        async def receive():
            if path:
                return {"type": "http.request", "body": b"", "more_body": False}
            return await asyncio.Event().wait()

        async def send(message):
            if "status" in message:
                answers.append(message["status"])

        await app(scope_of(path), receive, send)

    async def main():
        app = OffLoop(server, ["infer"], most_waiting=2)
        slow = [asyncio.create_task(request(app, f"/infer/{k}")) for k in range(2)]
        await asyncio.to_thread(server.begun.wait, 20)
        await request(app, "/infer/2")
        assert answers == [503]
        server.go.set()
        await asyncio.gather(*slow)
        await request(app, "/infer/3")

    asyncio.run(main())
    assert answers == [503, 200, 200, 200]


def test_nothing_is_computed_for_a_client_that_has_left():
    echo, ended = Echo(), []
    messages = [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def receive():
        return messages.pop(0)

    async def send(message):
        raise AssertionError(message)

    app = OffLoop(echo, ["infer"], after=lambda: ended.append(True))
    asyncio.run(app(scope_of("/infer/a"), receive, send))
    assert echo.seen == []
    assert ended == [True]


def test_what_comes_after_a_slow_request_comes_after_a_fault_too():
    ended = []

    async def server(scope, receive, send):
        raise ValueError("no")

    app = OffLoop(server, ["infer"], after=lambda: ended.append(True))
    with pytest.raises(ValueError, match="no"):
        ask(app, "/infer/a")
    assert ask(OffLoop(Echo(), ["infer"], after=lambda: ended.append(True)), "/info/")[0] == 200
    assert ended == [True]
