"""The sandbox's one server process: moto's AWS APIs with our plug-ins, on 127.0.0.1.

The port is the kernel's choice, bound before it is told: one line of JSON on stdout,
``{"port": N}``, says that the server answers.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from sandbox import lifeline, plugins
from sandbox.settings import Settings

if TYPE_CHECKING:
    from types import FrameType

    from werkzeug.serving import BaseWSGIServer

_HOST = "127.0.0.1"


def bind(port: int) -> BaseWSGIServer:
    """A server that listens on ``port`` (0: any free one) and is not served yet."""
    application = DomainDispatcherApplication(create_backend_app)
    return make_server(_HOST, port, application, threaded=True, request_handler=MotoRequestHandler)


def configure(server: BaseWSGIServer) -> None:
    """Make moto run state machines, and find itself for the calls they make."""
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    os.environ["MOTO_PORT"] = str(server.server_port)


def serve(settings: Settings) -> None:
    """Answer AWS API calls until SIGTERM, then stop every process that was started."""
    server = bind(settings.port)
    configure(server)
    stop = plugins.install(settings, port=server.server_port)
    _announce(server.server_port)
    try:
        server.serve_forever()
    finally:
        stop()


def _announce(port: int) -> None:
    print(json.dumps({"port": port}), flush=True)  # noqa: T201 - the promise of this module
    # What moto prints later belongs in the log, not in a pipe nobody reads.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def main() -> None:
    """Serve with the settings given as JSON in the one argument."""
    lifeline.hold()
    signal.signal(signal.SIGTERM, _exit)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # not a line for every request
    serve(Settings.from_json(sys.argv[1]))


if __name__ == "__main__":
    main()
