"""Forking and network namespaces, as Linux offers them."""

from __future__ import annotations

import ctypes
import fcntl
import logging
import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = logging.getLogger(__name__)
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 1


class Linux:
    """See :class:`tfbatch_sandbox.processes.system.System`."""

    forks_programs = True
    namespaces: Sequence[Path] = (Path("/proc/self/ns/user"), Path("/proc/self/ns/net"))

    def enter_network_namespace(self) -> bool:
        """Enter a namespace that has only a loopback interface."""
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

    def join(self, descriptors: Sequence[int]) -> None:
        """Enter the namespaces that this process isn't in."""
        for descriptor, own in zip(descriptors, self.namespaces, strict=True):
            if os.fstat(descriptor).st_ino == own.stat().st_ino:
                continue
            if ctypes.CDLL(None, use_errno=True).setns(descriptor, 0):
                raise OSError(ctypes.get_errno(), f"can not enter {own.name} namespace")


def _map_to_itself(name: str, line: str) -> None:
    (Path("/proc/self") / name).write_text(line)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
