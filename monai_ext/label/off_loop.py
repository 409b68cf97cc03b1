"""Long requests in a thread, so that a server goes on answering others.

MONAI Label's endpoints are coroutines that compute: while one runs, nothing else is served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from monai_ext.label.guard import App, Message, Receive, Send


class OffLoop:
    """ASGI layer that runs some requests on an event loop of their own, one at a time.

    Args:
        app: the server.
        slow: first parts of paths of requests that compute.
    """

    def __init__(self, app: App, slow: Sequence[str]) -> None:
        self.app, self.slow = app, tuple(slow)
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve here, or in a thread."""
        is_slow = scope["type"] == "http" and scope["path"].strip("/").split("/")[0] in self.slow
        if not is_slow:
            await self.app(scope, receive, send)
            return
        async with self._turn:
            first = await receive()
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
