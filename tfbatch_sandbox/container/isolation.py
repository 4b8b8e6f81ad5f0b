"""``EnableNetworkIsolation``: cuts the container off the network.

On Linux the container enters a network namespace with only a loopback interface. If that isn't
permitted, or not on Linux, the container's Python refuses connections beyond loopback. That finds
code that needs a network; it doesn't stop an attacker.
"""

from __future__ import annotations

import ctypes
import fcntl
import ipaddress
import logging
import os
import socket
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = logging.getLogger(__name__)
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
NAMESPACES: Final = (Path("/proc/self/ns/user"), Path("/proc/self/ns/net"))
"""This process's namespaces, which only Linux has."""
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 1


def enter_namespace() -> bool:
    """Cut this process and its children off from every network.

    Call it before there is a second thread.

    Returns:
        Whether the system permits it.
    """
    if sys.platform != "linux":
        return False
    user, group = os.getuid(), os.getgid()
    flags = _CLONE_NEWNET if user == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        _log.warning("no network namespace: %s", os.strerror(ctypes.get_errno()))
        return False
    if flags & _CLONE_NEWUSER:
        _map_to_itself("setgroups", "deny")
        _map_to_itself("uid_map", f"{user} {user} 1")
        _map_to_itself("gid_map", f"{group} {group} 1")
    _raise_loopback()
    return True


def join(namespaces: Sequence[int]) -> None:
    """Move this process into another's namespaces.

    Call it before there is a second thread.

    Args:
        namespaces: descriptors of the other process's ``NAMESPACES``.

    Raises:
        OSError: the system doesn't permit it.
    """
    for descriptor, own in zip(namespaces, NAMESPACES, strict=True):
        if os.fstat(descriptor).st_ino == own.stat().st_ino:
            continue
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, 0):
            raise OSError(ctypes.get_errno(), f"can not enter {own.name} namespace")


def _map_to_itself(name: str, line: str) -> None:
    (Path("/proc/self") / name).write_text(line)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


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
