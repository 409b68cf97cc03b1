"""A server to stand in front of, and a client that speaks ASGI."""

import asyncio
import json


class Echo:
    """Says which paths and bodies came through."""

    def __init__(self):
        self.seen = []

    async def __call__(self, scope, receive, send):
        body, is_more = b"", True
        while is_more:
            message = await receive()
            body, is_more = body + message["body"], message["more_body"]
        self.seen.append((scope["path"], body))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"said": "yes"}'})


def scope_of(path, query="", method="GET", headers=(), client=("127.0.0.1", 5)):
    given = {"host": "127.0.0.1:8000", **dict(headers)}
    raw = [(name.encode(), value.encode()) for name, value in given.items() if value is not None]
    query = query.encode()
    parts = {"path": path, "query_string": query, "headers": raw, "client": client}
    return {"type": "http", "method": method, "extensions": {"http.response.pathsend": {}}, **parts}


def ask(app, path, query="", bodies=(b"",), **given):
    """Status and JSON of an answer."""
    waiting = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    waiting[-1]["more_body"] = False
    ask.waiting = waiting
    sent = []

    async def receive():
        return waiting.pop(0) if waiting else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope_of(path, query, **given), receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], json.loads(body)
