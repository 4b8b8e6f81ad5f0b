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

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATH: Final = "/_sandbox/faults"
CAPACITY_ERROR: Final = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a "
    "different ML instance type."
)
INTERNAL_ERROR: Final = "InternalServerError: We encountered an internal error. Please try again."


_COUNTS: Final = (
    "throttled_calls",
    "internal_errors",
    "denied_descriptions",
    "unanswered_pings",
    "slow_downs",
)


class Changes(TypedDict, total=False):
    """The faults to change. Others stay as they are."""

    no_capacity: list[str]
    throttled_calls: int
    internal_errors: int
    denied_descriptions: int
    unanswered_pings: int
    slow_downs: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """The pending faults.

    Raises:
        ValueError: names the field, the value and what it may be.
    """

    no_capacity: tuple[str, ...] = ()
    """Instance types without capacity: a transform job on one ends Failed with CapacityError."""
    throttled_calls: int = 0
    """Number of CreateTransformJob requests, including an SDK's retries, that get
    ThrottlingException."""
    internal_errors: int = 0
    """Number of transform jobs that end Failed with InternalServerError at once."""
    denied_descriptions: int = 0
    """Number of DescribeTransformJob requests that get AccessDeniedException."""
    unanswered_pings: int = 0
    """Number of transform jobs that give up their containers, as if /ping had not answered."""
    slow_downs: int = 0
    """Number of conditional PutObject requests that get 503 SlowDown."""

    def __post_init__(self) -> None:
        for name in _COUNTS:
            count = getattr(self, name)
            if type(count) is not int or count < 0:
                raise ValueError(f"{name} must be a whole number, 0 or more, got {count!r}")
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
        if "no_capacity" in changes:
            kinds = changes["no_capacity"]
            listed = tuple(kinds) if isinstance(kinds, list | tuple) else (kinds,)
            changes = changes | {"no_capacity": listed}
        return replace(self, **changes)


class FaultBox:
    """The faults of one server, removed as they happen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults = Faults()

    def take_throttling(self) -> bool:
        """Whether to throttle this call."""
        return self._take("throttled_calls")

    def take_denial(self) -> bool:
        """Whether to deny this description."""
        return self._take("denied_descriptions")

    def take_deafness(self) -> bool:
        """Whether to give up a new job's containers."""
        return self._take("unanswered_pings")

    def take_slow_down(self) -> bool:
        """Whether to refuse a conditional write."""
        return self._take("slow_downs")

    def take_failure(self, instance_type: str) -> str | None:
        """The FailureReason of a new job, if it must fail."""
        if instance_type in self._faults.no_capacity:
            return CAPACITY_ERROR
        return INTERNAL_ERROR if self._take("internal_errors") else None

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
