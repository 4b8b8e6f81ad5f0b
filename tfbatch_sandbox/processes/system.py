"""What not every operating system offers, behind one interface: forking and network namespaces.

Linux has both. Elsewhere :class:`Portable` starts every program afresh, and an isolated container's
own Python refuses connections. The setting ``portable`` chooses that on Linux, too.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PORTABLE: Final = "SANDBOX_PORTABLE"
"""The variable that chooses :class:`Portable`, if it is set."""


class System(Protocol):
    """An operating system, as the sandbox uses it."""

    @property
    def forks_programs(self) -> bool:
        """Whether a program may be forked from a process that has imported its modules."""
        ...

    @property
    def namespaces(self) -> Sequence[Path]:
        """The files of this process's namespaces, to hand to a fork."""
        ...

    def enter_network_namespace(self) -> bool:
        """Cut this process and its children off from every network, and say if that worked.

        Call it before there is a second thread.
        """
        ...

    def join(self, descriptors: Sequence[int]) -> None:
        """Move this process into another's namespaces.

        Call it before there is a second thread.

        Args:
            descriptors: of the other process's ``namespaces``.

        Raises:
            OSError: the system doesn't permit it.
        """
        ...


class Portable:
    """What every Unix offers."""

    forks_programs = False
    """macOS's libraries can't be used in a fork (``man fork``, "CAVEATS")."""
    namespaces: Sequence[Path] = ()

    def enter_network_namespace(self) -> bool:
        """There are none."""
        return False

    def join(self, descriptors: Sequence[int]) -> None:
        """Do nothing: the list is empty."""


def system() -> System:
    """The operating system of this process."""
    if sys.platform == "linux" and not os.environ.get(PORTABLE):
        from tfbatch_sandbox.processes.linux import Linux  # noqa: PLC0415 # elsewhere it can't load

        return Linux()
    return Portable()
