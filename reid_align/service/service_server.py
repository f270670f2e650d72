"""Server process of the service."""

import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from reid_align.service.listen_address import listening_socket, require_token

# Requests that are in progress get this long to finish.
GRACE_SECONDS = 30


def serve_app(app: FastAPI, host: str, port: int, token: str | None) -> None:
    """Serve until SIGTERM or Ctrl-C; then finish the requests in progress.

    Args:
        app: from `create_app` with the same token.
        host: address to listen on.
        port: port; 0 takes a free one, which is printed.
        token: the token, required unless ``host`` is a loopback address.

    Raises:
        InvalidInputError: there is no token, or the address cannot be used.
    """
    require_token(host, token)
    listening = listening_socket(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listening.getsockname()[1]}"
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws="none",
    )
    server = _Server(config, f"Serving on {address}, documentation on {address}/docs")
    with listening:
        asyncio.run(server.serve(sockets=[listening]))


class _Server(uvicorn.Server):
    """Announces its address when it accepts requests, and ends normally after a signal."""

    def __init__(self, config: uvicorn.Config, announcement: str) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(self._announcement, file=sys.stderr, flush=True)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
