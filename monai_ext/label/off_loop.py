"""Long requests in a thread, so that a server goes on answering others.

MONAI Label's endpoints are coroutines that compute: while one runs, nothing else is served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from monai_ext.label.guard import App, Message, Receive, Send, respond

_PROMPT_S = 0.01


class OffLoop:
    """ASGI layer that runs some requests on an event loop of their own, one at a time.

    Args:
        app: the server.
        slow: first parts of paths of requests that compute.
        most_waiting: requests that wait for their turn; more are answered with 503.
        after: called when one of them has ended, before the next begins.
    """

    def __init__(
        self,
        app: App,
        slow: Sequence[str],
        most_waiting: int = 32,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self.app, self.slow, self.most_waiting = app, tuple(slow), most_waiting
        self.after = after
        self._turn, self._waiting = asyncio.Lock(), 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve here, or in a thread."""
        is_slow = scope["type"] == "http" and scope["path"].strip("/").split("/")[0] in self.slow
        if not is_slow:
            await self.app(scope, receive, send)
            return
        if self._waiting >= self.most_waiting:
            await respond(send, 503, {"detail": f"{self._waiting} requests wait already"})
            return
        self._waiting += 1
        try:
            async with self._turn:
                try:
                    await self._compute(scope, receive, send)
                finally:
                    self.after()
        finally:
            self._waiting -= 1

    async def _compute(self, scope: Message, receive: Receive, send: Send) -> None:
        first = await receive()
        if await _has_left(receive):
            return
        for message in await asyncio.to_thread(asyncio.run, self._collected(scope, first)):
            await send(message)

    async def _collected(self, scope: Message, first: Message) -> list[Message]:
        """What the server sends, once it has ended."""
        waiting, sent = [first], []

        async def receive() -> Message:
            if not waiting:
                await asyncio.Event().wait()  # a disconnect would cut the answer short
            return waiting.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app({**scope, "extensions": {}}, receive, send)  # a file is sent as bytes
        return sent


async def _has_left(receive: Receive) -> bool:
    """Whether a client closed the connection while it waited."""
    try:
        message = await asyncio.wait_for(receive(), _PROMPT_S)
    except TimeoutError:
        return False
    return message["type"] == "http.disconnect"
