"""The container's service, with the two lines that AWS's logs for every request.

Both sides of the benchmark run under it, so both pay for gunicorn, gevent and falcon alike.
"""

# ruff: noqa: E402  (what is patched must be patched first, and by the main module)
from __future__ import annotations

from tfbatch_sandbox.processes import supervision

supervision.hold()

import gevent.monkey

gevent.monkey.patch_all()

import logging
from typing import TYPE_CHECKING

from tfbatch_sandbox.container import gunicorn_app
from tfbatch_sandbox.container.service import Invocations

if TYPE_CHECKING:
    import falcon

_utils, _service = logging.getLogger("tfs_utils"), logging.getLogger("__main__")


class LoggingInvocations(Invocations):
    """As python_service.py and tfs_utils.py of 2.20 do."""

    __slots__ = ()

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """Log, then serve."""
        _utils.info("sagemaker tfs attributes: \n%s", {})
        _service.info("Universal inference script exists, importing handlers.")
        super().on_post(request, response)


if __name__ == "__main__":
    gunicorn_app.Invocations = LoggingInvocations  # type: ignore[attr-defined]
    gunicorn_app.main(**gunicorn_app._arguments())  # noqa: SLF001
