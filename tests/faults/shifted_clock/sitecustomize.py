"""Shifts the clock of a Python process that has this folder in ``PYTHONPATH``.

``TFBATCH_FAULTS_CLOCK`` gives the seconds.
"""

import datetime as dt
import os
import time
from typing import Any

_SECONDS = float(os.environ["TFBATCH_FAULTS_CLOCK"])
_time, _datetime = time.time, dt.datetime


class _AnyDatetime(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _datetime)


class _Shifted(dt.datetime, metaclass=_AnyDatetime):
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:  # noqa: ANN401 # of this class
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> Any:  # noqa: ANN401
        return cls.now(dt.UTC).replace(tzinfo=None)


time.time = lambda: _time() + _SECONDS
dt.datetime = _Shifted  # type: ignore[misc]
