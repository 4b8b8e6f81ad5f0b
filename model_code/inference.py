"""The entry point of the AWS TensorFlow Serving container: ``handler(data, context)``.

Some versions of the container don't put this directory and ``lib`` on Python's path, so this module
does.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfbatch_handler.body import Stream
    from tfbatch_handler.handler import Context

_CODE = Path(__file__).resolve().parent
for _directory in (_CODE / "lib", _CODE):
    if _directory.is_dir() and str(_directory) not in sys.path:
        sys.path.insert(0, str(_directory))

from tfbatch_handler.handler import create  # noqa: E402  after the path is set

_handle = create(_CODE)


def handler(data: Stream, context: Context) -> tuple[bytes, str]:
    """Answer one request: ``data`` is the stream of its body; the result is a body and its type."""
    return _handle(data, context)
