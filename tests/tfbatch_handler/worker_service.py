"""The container's service as images before 2019's rework start it: each worker imports the handler.

``gunicorn tests.tfbatch_handler.worker_service:app`` builds it in the worker, after gunicorn has
patched its sockets.
"""

from __future__ import annotations

import os
from pathlib import Path

from tfbatch_sandbox.container.handlers import load_handler
from tfbatch_sandbox.container.profile import PROFILES
from tfbatch_sandbox.container.service import Invocations, Ping, application

_PROFILE = PROFILES["2.19"]

app = application(
    Ping(),
    Invocations(
        handler=load_handler(Path(os.environ["MODEL_DIR"]) / "code/inference.py", _PROFILE),
        is_default_handler=False,
        profile=_PROFILE,
        rest_ports=tuple(os.environ["TFS_REST_PORTS"].split(",")),
        channels={"9000": None},
        default_model_name="model",
        timeout=60,
    ),
)
