"""Guard in front of the service: token, origin, body size, number of requests, and metrics."""

import asyncio
import hmac
import json
import time
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reid_align.service.service_limits import ServiceLimits
from reid_align.service.service_metrics import ServiceMetrics

# These contain no data; a load balancer and a browser read them without a token.
OPEN_PATHS = frozenset({"/", "/health", "/docs", "/openapi.json"})
_OPEN_FOLDER = "/static-offline-docs/"
# Rest of a refused body that is read: this many limits, for at most this time.
_DRAINED_LIMITS, _DRAIN_SECONDS = 4, 10.0


class RequestGuard:
    """ASGI middleware that refuses requests before the service reads them.

    Args:
        app: the service.
        limits: limits of requests.
        metrics: counts every request.
        paths: paths of the service; others are counted as "other".
        token: token that requests must have. Without one, only requests to a loopback name are
            answered, and none that a web page of another site makes.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: ServiceLimits,
        metrics: ServiceMetrics,
        paths: frozenset[str],
        token: str | None = None,
    ) -> None:
        self._app, self._limits, self._metrics = app, limits, metrics
        self._paths = paths
        self._token = None if token is None else f"Bearer {token}".encode()
        self._active = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or pass it to the service."""
        if scope["type"] == "websocket":
            return  # The server answers 403.
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def counted_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._answer(scope, receive, counted_send)
        finally:
            path = scope["path"] if scope["path"] in self._paths else "other"
            self._metrics.count_request(path, status, time.perf_counter() - began)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if refusal := self._refusal(scope["path"], headers):
            await _send_error(receive, send, self._limits.body_bytes, *refusal)
            return
        if scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        self._active += 1
        try:
            body = _LimitedBody(receive, send, self._limits.body_bytes)
            await self._app(scope, body.receive, body.send)
            await body.finish()
        finally:
            self._active -= 1

    def _refusal(self, path: str, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        """Return the status and the reason to refuse a request, or None."""
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._limits.body_bytes:
            return 413, _too_large(self._limits.body_bytes)
        is_open = path in OPEN_PATHS or path.startswith(_OPEN_FOLDER)
        if self._token is None:
            if reason := foreign_page(headers):
                return 403, reason
        elif not is_open and not hmac.compare_digest(
            headers.get(b"authorization", b""), self._token
        ):
            return 401, "Missing or wrong token. Send the header 'Authorization: Bearer TOKEN'."
        if self._active >= self._limits.requests and path not in OPEN_PATHS:
            return 503, f"{self._active} requests are in progress. Send the request again later."
        return None


class _LimitedBody:
    """Counts the bytes of a body; answers 413 instead of the service if there are too many."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive, self._send, self._limit = receive, send, limit
        self._size = 0

    @property
    def _is_too_large(self) -> bool:
        return self._size > self._limit

    async def receive(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._is_too_large:
            # The service stops reading; its answer is replaced.
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if not self._is_too_large:
            await self._send(message)

    async def finish(self) -> None:
        if self._is_too_large:
            reason = _too_large(self._limit)
            await _send_error(self._receive, self._send, self._limit, 413, reason)


def _too_large(limit: int) -> str:
    return f"The request body is larger than {limit:,} bytes. Send fewer or smaller images."


def foreign_page(headers: dict[bytes, bytes]) -> str | None:
    """Return why a request without a token may come from a web page of another site, or None."""
    host = headers.get(b"host", b"").decode("latin-1")
    origin = headers.get(b"origin", b"").decode("latin-1")
    try:
        name = urlsplit(f"//{host}").hostname or ""
        source = urlsplit(origin).netloc
        is_local = name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        is_local, source = False, ""
    if not is_local:
        return f"Host {host!r} is not a name of this machine. Use 127.0.0.1, or start with a token."
    if origin and source != host:
        return f"Requests of web pages from {origin!r} need a service with a token."
    return None


async def _send_error(receive: Receive, send: Send, limit: int, status: int, reason: str) -> None:
    """Send an error, then discard the body: otherwise the client may lose the answer."""
    body = json.dumps({"detail": reason}).encode()
    length = str(len(body)).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", length),
        (b"connection", b"close"),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status == 503:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await _drain(receive, _DRAINED_LIMITS * limit)
    await send({"type": "http.response.body", "body": b""})


async def _drain(receive: Receive, limit: int) -> None:
    """Read and discard the rest of a body, within limits of size and time."""
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while size <= limit:
                message = await receive()
                size += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
