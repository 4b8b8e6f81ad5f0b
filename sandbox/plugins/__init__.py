"""What moto lacks or gets wrong, one small file each; every file says which and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.plugins import jsonata

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.settings import Settings


def install(settings: Settings, *, port: int) -> Callable[[], None]:
    """Put every plug-in into moto, once a process.

    Returns:
        What stops the processes that plug-ins have started.
    """
    jsonata.install()
    return lambda: None
