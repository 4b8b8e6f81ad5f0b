"""Faults of API requests: some are refused, some are done with a spoilt answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.executions import failing

if TYPE_CHECKING:
    from tests.faults.fault import Act
    from tests.faults.run import Run


def refused(action: str, code: str, *, status: int, most: int = 4, about: str = "") -> Act:
    """Refuse between one and ``most`` requests, from the run's start on.

    Args:
        action: of the requests.
        code: the error's code.
        status: its HTTP status.
        most: the most requests.
        about: a text in the request; ``{folder}`` is the run's.
    """

    def act(run: Run) -> None:
        text, times = about.format(folder=run.folder), run.random.randint(1, most)
        run.refuse(failing(action, code, status=status, about=text, times=times))

    return act


def answered(action: str, how: str, *, about: str = "", most: int = 2, **more: object) -> Act:
    """Do the work of some requests, and spoil the answer. Arguments: see :func:`refused`."""

    def act(run: Run) -> None:
        text, times = about.format(folder=run.folder), run.random.randint(1, most)
        run.refuse({"action": action, "how": how, "about": text, "times": times, **more})

    return act
