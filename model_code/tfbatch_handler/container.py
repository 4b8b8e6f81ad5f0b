"""Changes settings of the container that slow the handler down."""

from __future__ import annotations

import ctypes
import logging

_SERVICE_LOGGERS = ("__main__", "python_service", "tfs_utils")
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's mallopt(3)."""


def quiet_requests() -> None:
    """Stop the container's service from logging two lines for every request.

    They hold no information, cost a tenth of a millisecond of the worker's CPU time and, for a
    hundred million records, much money in CloudWatch Logs. Warnings and errors stay.
    """
    for name in _SERVICE_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def keep_memory() -> None:
    """Keep freed buffers instead of returning them to the kernel.

    A payload passes through a dozen buffers of its size, and glibc maps each above 128 KiB anew: a
    twelfth of the worker's CPU time. Batch Transform bounds concurrency times payload to 100 MB,
    which bounds the kept memory. Other C libraries have no such parameters.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 1 << 25)
        mallopt(_TRIM_THRESHOLD, 1 << 27)
