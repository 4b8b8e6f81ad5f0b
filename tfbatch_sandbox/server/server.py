"""The sandbox's server process: moto with our extensions, on 127.0.0.1.

The kernel chooses the port. When the server answers it prints one line of JSON, with its ``port``
and its ``temporary`` folder.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import tempfile
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from tfbatch_sandbox.authorization import gate, record
from tfbatch_sandbox.authorization.network import UnreachableError
from tfbatch_sandbox.processes import supervision
from tfbatch_sandbox.server import faults, local_only
from tfbatch_sandbox.server.http import RequestHandler, Server
from tfbatch_sandbox.server.object_requests import ObjectRequests
from tfbatch_sandbox.server.settings import Settings
from tfbatch_sandbox.services import Extensions
from tfbatch_sandbox.services.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask
    from werkzeug.serving import BaseWSGIServer


_LOG = logging.getLogger(__name__)
_HOST = "127.0.0.1"
_S3 = "s3"
_BACKLOG = 1024  # a transform job requests its objects all at once


class Dispatcher(DomainDispatcherApplication):  # type: ignore[misc] # moto is not followed
    """moto's dispatcher, without its search through directories for each request."""

    def __init__(self, create_app: Callable[[str], Flask], runtime: Runtime) -> None:
        super().__init__(create_app)
        self._objects = ObjectRequests(runtime)
        self._sessions = runtime.sessions
        self._faults = runtime.faults
        self._own: dict[str, WSGIApplication] = {
            faults.PATH: runtime.faults,
            record.PATH: runtime.guard.record,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """AWS's answer, or the sandbox's own."""
        refused = local_only.refuse(environ, start_response)
        if refused is not None:
            return refused
        if environ["PATH_INFO"] in self._own:
            return self._own[environ["PATH_INFO"]](environ, start_response)
        fault = self._faults.take_request(environ)
        if fault is not None:
            return fault.answer(self._answer, environ, start_response)
        return self._answer(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """AWS's answer."""
        self._check_reach(environ)
        if _S3 in self.app_instances:
            answer = self._objects.answer(environ, start_response)
            if answer is not None:
                return answer
        handed_on: Iterable[bytes] = super().__call__(environ, start_response)
        return handed_on

    def _check_reach(self, environ: WSGIEnvironment) -> None:
        """Drop a connection that would not be there: on AWS the client waits for its time-out."""
        try:
            self._sessions.check_reach(environ.get("HTTP_AUTHORIZATION", ""))
        except UnreachableError as error:
            _LOG.warning("%s", error)
            raise ConnectionResetError from error

    @lru_cache(maxsize=1024)  # noqa: B019 - there is one dispatcher, for as long as the process
    def get_backend_for_host(self, host: str | None) -> Any:  # noqa: ANN401 - moto's
        """The name of the service that answers for ``host``."""
        return super().get_backend_for_host(host)


def bind(settings: Settings) -> tuple[BaseWSGIServer, Extensions]:
    """Bind a server to its port, without serving yet."""
    listener = socket.create_server((_HOST, settings.port), backlog=_BACKLOG)
    port: int = listener.getsockname()[1]
    runtime = Runtime(settings=settings, port=port)
    extensions = Extensions(runtime)
    extensions.install_for("core")
    gate.install(runtime.guard, runtime.sessions)
    application = Dispatcher(extensions.create_app, runtime)
    server = Server(_HOST, port, application, RequestHandler, fd=listener.fileno())
    listener.close()  # the server has its own
    runtime.loopback.server = server
    # Makes moto run state machines, and call itself.
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    os.environ["MOTO_PORT"] = str(port)
    return server, extensions


def serve(settings: Settings, *, temporary: str) -> None:
    """Answer AWS API calls until SIGTERM, then stop every child process.

    Args:
        settings: of the sandbox.
        temporary: the folder of this process's temporary files, which its starter deletes.
    """
    server, extensions = bind(settings)
    _announce(server.port, temporary)
    try:
        server.serve_forever()
    finally:
        extensions.stop()


def _announce(port: int, temporary: str) -> None:
    started = {"port": port, "temporary": temporary}
    print(json.dumps(started), flush=True)  # noqa: T201 - the promise of this module
    # moto's later output belongs in the log, not in a pipe that nobody reads.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


@contextmanager
def _temporary_folder() -> Iterator[str]:
    """Give this process and its children a temporary folder that is deleted at the end.

    Not in the state directory: the path of a Unix socket is limited to about a hundred characters.
    """
    with tempfile.TemporaryDirectory(prefix="tfbatch-", ignore_cleanup_errors=True) as folder:
        os.environ["TMPDIR"] = folder
        tempfile.tempdir = None  # gettempdir() reads the variable again
        yield folder


def main() -> None:
    """Serve with the settings in the argument, as JSON."""
    supervision.hold()
    supervision.fork_programs()
    signal.signal(signal.SIGTERM, _exit)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    # Nor a state's whole program at an error: the execution's history has it.
    states = "moto.stepfunctions.parser.asl.component.eval_component"
    logging.getLogger(states).setLevel(logging.CRITICAL)
    with _temporary_folder() as folder:
        serve(Settings.from_json(sys.argv[1]), temporary=folder)


if __name__ == "__main__":
    main()
