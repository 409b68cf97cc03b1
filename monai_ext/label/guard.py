"""What stands between the network and MONAI Label: who may ask, and what.

MONAI Label binds to all interfaces, knows no token without a Keycloak server, takes any path on the
server for an image, and joins names from requests to paths. This ASGI layer is in front of it.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Refusal = Callable[[str, Sequence[str], bytes], tuple[int, str] | None]
App = Callable[[Message, Receive, Send], Awaitable[None]]

OFFERED = ("info", "infer", "datastore", "train", "activelearning", "auth")
OFFERED += ("docs", "static", "openapi.json", "favicon.ico", "")
_NO_OUTPUT = ("image", "dicom_seg")
_NAMED = ("image", "label", "id", "tag")
_NAME = re.compile(r"(?!\.)[^/\\\x00-\x1f:]{1,200}")
_MIB = 2**20


def _no_refusal(_method: str, _segments: Sequence[str], _body: bytes) -> None:
    """Every name is taken."""


@dataclass(frozen=True, kw_only=True)
class GuardRules:
    """Who may ask what.

    Attributes:
        token: that requests bear; ``None``: none is asked for.
        is_remote_allowed: answer other machines than this one.
        max_body_mib: of a request.
        train_keys: what is read of a body sent to ``train``. MONAI Label hands all of it to a new
            process, whose search path it changes if asked to.
        refusal: of method, parts of the path and body; ``None`` lets a request through.
    """

    token: str | None
    is_remote_allowed: bool = False
    max_body_mib: int = 512
    train_keys: tuple[str, ...] = ()
    refusal: Refusal = _no_refusal


class Guard:
    """ASGI layer that lets sound requests through and refuses others with the reason.

    It also answers ``/auth/``, ``/auth/token`` and ``/auth/token/valid`` as MONAI Label's own
    clients ask them: any user name, the token as password.

    Args:
        app: the server.
        rules: who may ask what.
    """

    def __init__(self, app: App, rules: GuardRules) -> None:
        self.app, self.rules = app, rules

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not offered")
        elif (refusal := self._refusal(scope)) is not None:
            await respond(send, refusal[0], {"detail": refusal[1]})
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        is_login = _segments(scope)[0] == "auth"
        if not is_login and not self._is_known(scope):  # before anything is read
            await respond(send, 401, {"detail": "the token is missing or wrong"})
            return
        limit = 1 if is_login else self.rules.max_body_mib
        body = await read_body(receive, limit * _MIB)
        if body is None:
            await respond(send, 413, {"detail": f"more than {limit} MiB"})
        elif is_login:
            await self._authenticate(scope, body, send)
        else:
            await self._hand_on(scope, body, receive, send)

    async def _hand_on(self, scope: Message, body: bytes, receive: Receive, send: Send) -> None:
        segments, method = _segments(scope), scope["method"]
        is_training = segments[0] == "train" and method == "POST"
        kept = _chosen(body, self.rules.train_keys) if is_training else body
        if kept is None:
            await respond(send, 400, {"detail": "the body is a JSON object"})
        elif (refusal := self.rules.refusal(method, segments, kept)) is not None:
            await respond(send, refusal[0], {"detail": refusal[1]})
        else:
            await self.app(scope, replayed(kept, receive), send)

    def _refusal(self, scope: Message) -> tuple[int, str] | None:
        """Status and reason."""
        head = _headers(scope)
        if not self.rules.is_remote_allowed and not _is_local(scope, head):
            return 403, "only this machine is served; the operator may allow others"
        if self.rules.token is None and not _is_number(_host(head)):
            return (
                403,
                "without a token the server is asked by its IP address, not by a name",
            )
        if "origin" in head and head["origin"].split("//")[-1] != head.get("host"):
            return 403, "pages of other sites may not ask"
        if _segments(scope)[0] not in OFFERED:
            return 404, "not offered"
        return _fault_of_names(scope)

    def _is_known(self, scope: Message) -> bool:
        if self.rules.token is None:
            return True
        given = _headers(scope).get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {self.rules.token}".encode())

    async def _authenticate(self, scope: Message, body: bytes, send: Send) -> None:
        token, place = self.rules.token, "/".join(_segments(scope)[1:]).strip("/")
        if place == "":
            await respond(send, 200, {"enabled": token is not None, "client_id": "", "realm": ""})
        elif place == "token":
            given = parse_qs(body.decode("utf-8", "replace")).get("password", [""])[0]
            if token is not None and not hmac.compare_digest(given.encode(), token.encode()):
                await respond(send, 401, {"detail": "the password is the server's token"})
                return
            await respond(send, 200, {"access_token": token, "token_type": "Bearer"})
        elif not self._is_known(scope):
            await respond(send, 401, {"detail": "the token is missing or wrong"})
        else:
            await respond(send, 200, {"username": "user", "email": None, "name": None, "roles": []})


async def respond(send: Send, status: int, content: Mapping[str, Any]) -> None:
    """Send JSON."""
    body = json.dumps(content).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """A request's body; ``None`` once it is longer than ``limit`` bytes, or was broken off."""
    parts, length, is_more = [], 0, True
    while is_more:
        message = await receive()
        part = message.get("body", b"")
        length += len(part)
        if length > limit or message["type"] == "http.disconnect":
            return None
        parts.append(part)
        is_more = message["type"] == "http.request" and message.get("more_body", False)
    return b"".join(parts)


def replayed(body: bytes, receive: Receive) -> Receive:
    """What gives a body that was read already, and then what comes."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def _fault_of_names(scope: Message) -> tuple[int, str] | None:
    query = parse_qs(scope["query_string"].decode("latin-1"))
    names = [value for name in _NAMED for value in query.get(name, [])]
    names += [part for part in _segments(scope)[1:] if part]
    if wrong := [name for name in names if not is_name(name)]:
        return 400, f"{wrong[0]!r} is no name of an image, label or model"
    if lacking := {"session_id", "run_sync"} & query.keys():
        return 400, f"{min(lacking)} is not offered"
    if scope["path"].strip("/").startswith("datastore/dataset"):
        return 404, "not offered"
    if len(_segments(scope)) == 2 and {*query.get("output", ())} & {*_NO_OUTPUT}:
        return 400, "output=json is what this server answers here"
    return None


def is_name(text: str) -> bool:
    """Whether an image, label or model can have this name: it is part of no path."""
    return _NAME.fullmatch(text) is not None


def _chosen(body: bytes, keys: Sequence[str]) -> bytes | None:
    """Some members of a JSON object; ``None`` if it is none."""
    try:
        found = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        return None
    if found is None:
        return b"{}"
    if not isinstance(found, dict):
        return None
    return json.dumps({key: found[key] for key in keys if key in found}).encode()


def _headers(scope: Message) -> dict[str, str]:
    return {name.decode("latin-1").lower(): v.decode("latin-1") for name, v in scope["headers"]}


def _segments(scope: Message) -> list[str]:
    return scope["path"].strip("/").split("/")


def _is_local(scope: Message, head: Mapping[str, str]) -> bool:
    """Peer and ``Host`` are this machine; a foreign ``Host`` is a page that rebinds its name."""
    peer = scope.get("client")
    return _is_loopback(_host(head)) and (peer is None or _is_loopback(peer[0]))


def _host(head: Mapping[str, str]) -> str:
    return re.sub(r":\d+$", "", head.get("host", "localhost")).strip("[]")


def _is_number(host: str) -> bool:
    """Whether a host is told by its address, which no name server can change."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
