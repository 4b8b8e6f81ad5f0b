"""Finds moto's backends without a lock.

For each access moto takes one lock of all services and looks through their list. Of the samples of
a server's threads during an upload a third were there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.base_backend import BackendDict

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Take the lock for a backend that isn't there yet."""

    def found(backends: BackendDict[Any], account: str) -> Any:  # noqa: ANN401 - any service's
        is_there = isinstance(account, str) and account in backends
        return dict.__getitem__(backends, account) if is_there else made(backends, account)

    made = replace(BackendDict, "__getitem__", found)
