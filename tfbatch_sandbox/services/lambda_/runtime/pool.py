"""Keeps Lambda execution environments for the next invocation.

As on AWS, the first invocation starts one and later ones reuse it. Two at a time have two. An
environment that nobody used for a minute is ended.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tfbatch_sandbox.services.lambda_.runtime.environment import (
    Environment,
    LostError,
    Recipe,
    Result,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_STARTS: Final = max(2, os.cpu_count() or 1)
"""Environments that load their function at a time. More would only delay each other."""
_FREE: Final = 2 * _STARTS
"""Environments of a function that start without a wait."""
_PATIENCE_SECONDS: Final = 5.0
"""How long a call waits for one of these to become idle, before another starts."""
_IDLE_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 5.0


@dataclass(slots=True)
class Environments:
    """The environments of all functions."""

    _idle: list[Environment] = field(default_factory=list)
    _starting: list[Recipe] = field(default_factory=list)
    _busy: list[str] = field(default_factory=list)
    """The functions of those that start or are at work."""
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _is_looked_after: bool = False
    """Whether a thread ends those that nobody uses."""

    def invoke(self, recipe: Recipe, event: object, request_id: str) -> tuple[Result, bytes]:
        """Run a function once, in an idle environment or a new one.

        Returns:
            ``{"value": …}`` or ``{"error": …}``, and its output.
        """
        try:
            return self._invoke(self._take(recipe) or self._start(recipe), event, request_id)
        finally:
            with self._changed:
                self._busy.remove(recipe.function)
                self._changed.notify_all()

    def _invoke(
        self, environment: Environment, event: object, request_id: str
    ) -> tuple[Result, bytes]:
        try:
            result = environment.invoke(event, request_id)
        except LostError as lost:
            environment.end()
            printed = environment.printed()
            environment.close()
            return {"error": {"errorType": lost.kind, "errorMessage": str(lost)}}, printed
        except BaseException:
            environment.close()
            raise
        printed = environment.printed()
        self._put_back(environment)
        return result, printed

    def _take(self, recipe: Recipe) -> Environment | None:
        """An idle environment of that definition; ``None`` if a new one may start now."""
        until = time.monotonic() + _PATIENCE_SECONDS
        with self._changed:
            while (taken := self._find(recipe)) is None:
                is_free = self._busy.count(recipe.function) < _FREE
                left = 0.0 if is_free else max(until - time.monotonic(), 0.0)
                if not left and len(self._starting) < _STARTS:
                    self._starting.append(recipe)
                    break
                self._changed.wait(left or None)
            self._busy.append(recipe.function)
        self._end_outdated(recipe)
        return taken

    def _start(self, recipe: Recipe) -> Environment:
        try:
            environment = Environment.start(recipe)
            environment.wait_until_loaded()
        finally:
            with self._changed:
                self._starting.remove(recipe)
                self._changed.notify_all()
        return environment

    def _find(self, recipe: Recipe) -> Environment | None:
        """Take the environment of that definition that was used last."""
        fitting = [one for one in self._idle if one.can_serve(recipe)]
        if not fitting:
            return None
        self._idle.remove(fitting[-1])
        return fitting[-1]

    def _put_back(self, environment: Environment) -> None:
        environment.used = time.monotonic()
        with self._changed:
            self._idle.append(environment)
            self._changed.notify_all()
            is_new, self._is_looked_after = not self._is_looked_after, True
        if is_new:
            threading.Thread(target=self._end_unused, daemon=True).start()

    def _end_outdated(self, recipe: Recipe) -> None:
        """End those of older definitions of the function."""
        self._end(lambda one: one.recipe.function == recipe.function and not one.can_serve(recipe))

    def _end_unused(self) -> None:
        """End those that nobody uses, as long as there are idle ones."""
        is_needed = True
        while is_needed:
            time.sleep(_LOOK_SECONDS)
            oldest = time.monotonic() - _IDLE_SECONDS
            self._end(lambda one: one.used < oldest)  # noqa: B023 # called at once
            with self._changed:
                is_needed = self._is_looked_after = bool(self._idle)

    def _end(self, is_meant: Callable[[Environment], bool]) -> None:
        """End idle ones."""
        with self._changed:
            meant = [(one, is_meant(one)) for one in self._idle]
            self._idle[:] = [one for one, is_ended in meant if not is_ended]
            ended = [one for one, is_ended in meant if is_ended]
        for one in ended:
            one.close()

    def close(self) -> None:
        """End all idle ones at once. Busy ones end with their server."""
        with self._changed:
            ended = self._idle.copy()
            self._idle.clear()
        with ThreadPoolExecutor() as pool:
            list(pool.map(Environment.close, ended))
