"""``EnableNetworkIsolation``, where the system has no network namespaces.

The container's Python refuses connections beyond loopback. That finds code that needs a network; it
doesn't stop an attacker.
"""

from __future__ import annotations

import ipaddress
import socket
import sys


def refuse_connections() -> None:
    """Make this Python process refuse connections and name lookups beyond loopback."""
    sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not _is_here(str(address[0])):
            raise PermissionError(f"network isolation: connection to {address[0]} refused")
    elif event == "socket.getaddrinfo" and not _is_here(str(arguments[0])):
        raise socket.gaierror(
            socket.EAI_AGAIN, f"network isolation: no name service: {arguments[0]}"
        )


def _is_here(host: str) -> bool:
    if host in {"localhost", "None", ""}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
