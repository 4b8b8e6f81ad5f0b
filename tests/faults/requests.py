"""Faults of API requests: some are refused, some are done with a spoilt answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.executions import failing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.faults.fault import Spoilt
    from tests.faults.run import Run


def refused(action: str, code: str, *, status: int, most: int = 4, about: str = "") -> Spoilt:
    """Refuse between one and ``most`` requests.

    Args:
        action: of the requests.
        code: the error's code.
        status: its HTTP status.
        most: the most requests.
        about: a text in the request; ``{folder}`` is the run's.
    """

    def spoilt(run: Run) -> Mapping[str, Any]:
        text, times = about.format(folder=run.folder), run.random.randint(1, most)
        return failing(action, code, status=status, about=text, times=times)

    return spoilt


def answered(action: str, how: str, *, about: str = "", most: int = 2, **more: object) -> Spoilt:
    """Do the work of some requests, and spoil the answer. Arguments: see :func:`refused`."""

    def spoilt(run: Run) -> Mapping[str, Any]:
        text, times = about.format(folder=run.folder), run.random.randint(1, most)
        return {"action": action, "how": how, "about": text, "times": times, **more}

    return spoilt
