"""Failures of AWS that a caller can ask the sandbox for.

Set them while the sandbox runs, with ``Sandbox.faults`` or over HTTP at ``/_sandbox/faults``.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, fields, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypedDict

from werkzeug.wrappers import Request, Response

from tfbatch_sandbox.server.request_faults import RequestFault, action_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATH: Final = "/_sandbox/faults"
CAPACITY_ERROR: Final = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a "
    "different ML instance type."
)
INTERNAL_ERROR: Final = "InternalServerError: We encountered an internal error. Please try again."


_COUNTS: Final = ("internal_errors", "unanswered_pings")
_SECONDS: Final = ("longest_wait", "skipped_seconds")


class Changes(TypedDict, total=False):
    """The faults to change. Others stay as they are."""

    no_capacity: list[str]
    internal_errors: int
    unanswered_pings: int
    requests: list[dict[str, Any]]
    late_events: list[float]
    longest_wait: float
    skipped_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """The pending faults.

    Raises:
        ValueError: names the field, the value and what it may be.
    """

    no_capacity: tuple[str, ...] = ()
    """Instance types without capacity: a transform job on one ends Failed with CapacityError."""
    internal_errors: int = 0
    """Number of transform jobs that end Failed with InternalServerError at once."""
    unanswered_pings: int = 0
    """Number of transform jobs that give up their containers, as if /ping had not answered."""
    requests: tuple[RequestFault, ...] = ()
    """Requests that fail. An SDK's retries are requests of their own."""
    late_events: tuple[float, ...] = ()
    """Seconds by which EventBridge is late with each of its next deliveries to a target: ``(5, 0)``
    delivers the second before the first."""
    longest_wait: float = 0.0
    """Wait states end after so many seconds, however long they say; 0: they wait."""
    skipped_seconds: float = 0.0
    """The seconds that ``longest_wait`` has taken from Wait states, of all executions together."""

    def __post_init__(self) -> None:
        for name in _COUNTS:
            count = getattr(self, name)
            if type(count) is not int or count < 0:
                raise ValueError(f"{name} must be a whole number, 0 or more, got {count!r}")
        for name in _SECONDS:
            _check_seconds(name, getattr(self, name))
        for late in self.late_events:
            _check_seconds("late_events", late)
        if not all(str(kind).startswith("ml.") for kind in self.no_capacity):
            raise ValueError(
                "no_capacity must be a list of instance types like 'ml.g5.xlarge', "
                f"got {list(self.no_capacity)}"
            )

    def changed(self, changes: Any) -> Faults:  # noqa: ANN401 - any JSON value
        """The faults with the :class:`Changes` applied."""
        names = [field.name for field in fields(self)]
        if not isinstance(changes, dict) or not changes.keys() <= set(names):
            raise ValueError(f"the body must be an object with some of {names}, got {changes!r}")
        for name in ("no_capacity", "late_events"):
            if name in changes:
                given = changes[name]
                listed = tuple(given) if isinstance(given, list | tuple) else (given,)
                changes = changes | {name: listed}
        if "requests" in changes:
            changes = changes | {"requests": _requests(changes["requests"])}
        return replace(self, **changes)


def _check_seconds(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} must be seconds, 0 or more, got {value!r}")


def _requests(given: Any) -> tuple[RequestFault, ...]:  # noqa: ANN401 - any JSON value
    known = [field.name for field in fields(RequestFault)]
    if not isinstance(given, list) or not all(
        isinstance(one, dict) and "action" in one and one.keys() <= set(known) for one in given
    ):
        raise ValueError(
            f"requests must be a list of objects with 'action' and others of {known}, got {given!r}"
        )
    return tuple(RequestFault(**one) for one in given)


class FaultBox:
    """The faults of one server, removed as they happen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults = Faults()

    def take_request(self, environ: WSGIEnvironment) -> RequestFault | None:
        """How a request must fail, if it must."""
        if not self._faults.requests:
            return None
        action = action_of(environ)
        with self._lock:
            left = list(self._faults.requests)
            fault = next((one for one in left if one.fits(action, environ)), None)
            if fault is None:
                return None
            place = left.index(fault)
            if fault.after:
                left[place] = replace(fault, after=fault.after - 1)
            else:
                left[place : place + 1] = (
                    [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                )
            self._faults = replace(self._faults, requests=tuple(left))
        return None if fault.after else fault

    def take_deafness(self) -> bool:
        """Whether to give up a new job's containers."""
        return self._take("unanswered_pings")

    def take_failure(self, instance_type: str) -> str | None:
        """The FailureReason of a new job, if it must fail."""
        if instance_type in self._faults.no_capacity:
            return CAPACITY_ERROR
        return INTERNAL_ERROR if self._take("internal_errors") else None

    def take_lateness(self) -> float:
        """By how many seconds to be late with a delivery of EventBridge."""
        with self._lock:
            late, *later = self._faults.late_events or (0.0,)
            self._faults = replace(self._faults, late_events=tuple(later))
        return late

    def shorten(self, seconds: float) -> float:
        """How many seconds a Wait state waits that says ``seconds``."""
        with self._lock:
            longest = self._faults.longest_wait or seconds
            skipped = self._faults.skipped_seconds + max(seconds - longest, 0.0)
            self._faults = replace(self._faults, skipped_seconds=skipped)
        return min(seconds, longest)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """GET returns the pending faults, POST changes them, DELETE removes all."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            with self._lock:
                if request.method == "POST":
                    self._faults = self._faults.changed(json.loads(request.get_data()))
                elif request.method == "DELETE":
                    self._faults = Faults()
                answer, status = asdict(self._faults), HTTPStatus.OK
        except ValueError as error:
            answer, status = {"error": str(error)}, HTTPStatus.BAD_REQUEST
        return Response(json.dumps(answer), status, content_type="application/json")

    def _take(self, name: str) -> bool:
        with self._lock:
            left: int = getattr(self._faults, name)
            if left:
                self._faults = replace(self._faults, **{name: left - 1})  # type: ignore[arg-type]
            return left > 0
