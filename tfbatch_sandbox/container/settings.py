"""The container's settings: environment variables with the image's defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_sandbox.container.profile import Profile

_BATCH_ENQUEUED: Final = 100_000_000
"""In a transform job concurrency limits the queue."""
_DEFAULT_PORTS: Final = (9000, 8501)


class SettingsError(ValueError):
    """An environment variable has a value that the container can't start with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """TensorFlow Serving's request batching."""

    max_batch_size: int
    batch_timeout_micros: int
    num_batch_threads: int
    max_enqueued_batches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the container reads from its environment."""

    default_model_name: str | None
    ports: tuple[tuple[int, int], ...]
    """gRPC and REST port of each model server."""
    wait_seconds: int
    batching: Batching | None
    intra_op_parallelism: int
    inter_op_parallelism: int
    gunicorn_workers: int
    gunicorn_threads: int
    gunicorn_worker_class: str
    gunicorn_timeout_seconds: int
    gunicorn_log_level: str
    proxy_read_timeout_seconds: int
    """How long nginx waits for an answer; at least gunicorn's time-out."""

    @classmethod
    def of(cls, environment: Mapping[str, str], profile: Profile) -> Settings:
        """Read an environment as the image of this profile does.

        Raises:
            SettingsError: names the variable, its value and what it should be.
        """
        read = _Reader(environment)
        count = read.integer("SAGEMAKER_TFS_INSTANCE_COUNT", 1)
        gunicorn_timeout = read.integer("SAGEMAKER_GUNICORN_TIMEOUT_SECONDS", 30)
        wait = profile.wait_seconds // (count if profile.wait_is_shared else 1)
        return cls(
            default_model_name=environment.get("SAGEMAKER_TFS_DEFAULT_MODEL_NAME"),
            ports=_ports(environment.get("SAGEMAKER_SAFE_PORT_RANGE"), count),
            wait_seconds=read.integer("SAGEMAKER_TFS_WAIT_TIME_SECONDS", wait),
            batching=_batching(read, environment),
            intra_op_parallelism=read.integer("SAGEMAKER_TFS_INTRA_OP_PARALLELISM", 0),
            inter_op_parallelism=read.integer("SAGEMAKER_TFS_INTER_OP_PARALLELISM", 0),
            gunicorn_workers=read.integer("SAGEMAKER_GUNICORN_WORKERS", 1),
            gunicorn_threads=read.integer("SAGEMAKER_GUNICORN_THREADS", 1),
            gunicorn_worker_class=environment.get("SAGEMAKER_GUNICORN_WORKER_CLASS", "gevent"),
            gunicorn_timeout_seconds=gunicorn_timeout,
            gunicorn_log_level=environment.get("SAGEMAKER_GUNICORN_LOGLEVEL", "info"),
            proxy_read_timeout_seconds=max(
                read.integer("SAGEMAKER_NGINX_PROXY_READ_TIMEOUT_SECONDS", 60), gunicorn_timeout
            ),
        )


@dataclass(frozen=True, slots=True)
class _Reader:
    environment: Mapping[str, str]

    def integer(self, name: str, default: int) -> int:
        value = self.environment.get(name, str(default))
        try:
            return int(value)
        except ValueError:
            raise SettingsError(f"{name} must be an integer, got {value!r}") from None

    def flag(self, name: str) -> bool:
        value = self.environment.get(name, "false").lower()
        if value not in {"true", "false"}:
            raise SettingsError(f"{name} must be 'true' or 'false', got {value!r}")
        return value == "true"


def _ports(safe_range: str | None, count: int) -> tuple[tuple[int, int], ...]:
    if safe_range is None:
        # As in the container: the second model server has no port.
        return (_DEFAULT_PORTS,) * count
    low, high = (int(part) for part in safe_range.split("-"))
    if low + 2 * count > high:
        raise SettingsError(
            f"not enough ports available in SAGEMAKER_SAFE_PORT_RANGE ({safe_range})"
        )
    return tuple((low + 2 * index, low + 2 * index + 1) for index in range(count))


def _batching(read: _Reader, environment: Mapping[str, str]) -> Batching | None:
    if not read.flag("SAGEMAKER_TFS_ENABLE_BATCHING"):
        return None
    cpus = os.cpu_count() or 1
    enqueued = _BATCH_ENQUEUED if "SAGEMAKER_BATCH" in environment else cpus
    return Batching(
        max_batch_size=read.integer("SAGEMAKER_TFS_MAX_BATCH_SIZE", 8),
        batch_timeout_micros=read.integer("SAGEMAKER_TFS_BATCH_TIMEOUT_MICROS", 1000),
        num_batch_threads=read.integer("SAGEMAKER_TFS_NUM_BATCH_THREADS", cpus),
        max_enqueued_batches=read.integer("SAGEMAKER_TFS_MAX_ENQUEUED_BATCHES", enqueued),
    )
