"""Faults of the server as answers that say what happened, without its inner life."""

from __future__ import annotations

import json
import logging

from monai_ext.label.guard import App, Message, Receive, Send, respond

_logger = logging.getLogger(__name__)
_FAULT = 500
_FORM = "a field of the form, or the body, is no JSON that can be read"


class PlainFaults:
    """ASGI layer in which no exception and no 500 of an endpoint reaches a client as it is.

    MONAI Label reads the JSON in forms unguarded, and answers 500 to requests that lack an image.

    Args:
        app: the server.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve; what fails is logged, and said in a sentence."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            if held or message.get("status") == _FAULT:
                held.append(message)
            else:
                await send(message)

        try:
            await self.app(scope, receive, hold)
        except Exception as error:
            _logger.exception("%s %s", scope["method"], scope["path"])
            await respond(send, *_said(error))
        else:
            if held:
                await respond(send, 422, {"detail": _detail(held)})


def _said(error: Exception) -> tuple[int, dict[str, str]]:
    if isinstance(error, json.JSONDecodeError | RecursionError | UnicodeDecodeError):
        return 400, {"detail": _FORM}
    return _FAULT, {"detail": f"the server failed ({type(error).__name__}); its log says where"}


def _detail(held: list[Message]) -> str:
    """Of MONAI Label's own answer."""
    try:
        found = json.loads(b"".join(message.get("body", b"") for message in held))
        return str(found["detail"])
    except (ValueError, KeyError, TypeError):
        return "this cannot be answered"
