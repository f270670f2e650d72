"""Addresses to listen on, and the token that protects them."""

import os
import socket
from ipaddress import ip_address
from pathlib import Path

from reid_align.errors import InvalidInputError

TOKEN_VARIABLE = "REID_ALIGN_TOKEN"
TOKEN_CHARACTERS = 16
_LAST_PORT = 65535


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address or host name.

    Raises:
        InvalidInputError: the name has no address.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise InvalidInputError(
            f"Host {host!r} has no address ({error}). Give an address of this machine, such as "
            "127.0.0.1."
        ) from error
    return all(ip_address(entry[4][0]).is_loopback for entry in found)


def read_token(file: str | os.PathLike[str] | None) -> str | None:
    """Return the token in a file, else in the variable ``REID_ALIGN_TOKEN``, else None.

    Raises:
        InvalidInputError: the file cannot be read, or the token is short or not plain ASCII.
    """
    if file is None:
        token, source = os.environ.get(TOKEN_VARIABLE), f"The variable {TOKEN_VARIABLE}"
        if token is None:
            return None
    else:
        source = f"The token file {os.fspath(file)}"
        try:
            token = Path(file).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            raise InvalidInputError(f"{source} cannot be read: {error}.") from error
    if len(token) < TOKEN_CHARACTERS or not token.isascii() or not token.isprintable():
        raise InvalidInputError(
            f"{source} must have at least {TOKEN_CHARACTERS} printable ASCII characters. Create "
            'one with: python -c "import secrets; print(secrets.token_urlsafe())"'
        )
    return token


def require_token(host: str, token: str | None) -> None:
    """Require a token unless the host is a loopback address.

    Raises:
        InvalidInputError: there is no token, and other machines can reach the address.
    """
    if token is None and not is_loopback(host):
        raise InvalidInputError(
            f"Other machines can reach {host}, so a token is required. Put one "
            f"into a file or into the variable {TOKEN_VARIABLE}, or listen on 127.0.0.1."
        )


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address; port 0 takes a free port.

    Raises:
        InvalidInputError: the port is out of range, in use or not permitted, or the address is not
            of this machine.
    """
    if not 0 <= port <= _LAST_PORT:
        raise InvalidInputError(f"Cannot listen on port {port}. Give 0 to {_LAST_PORT}.")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise InvalidInputError(
            f"Cannot listen on {host}, port {port}: {error.strerror}. Give another port or host."
        ) from error
    return listening
