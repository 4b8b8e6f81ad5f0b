"""The settings of a trial, and its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ENABLE_BATCHING = "SAGEMAKER_TFS_ENABLE_BATCHING"
MAX_BATCH_SIZE = "SAGEMAKER_TFS_MAX_BATCH_SIZE"
BATCH_TIMEOUT = "SAGEMAKER_TFS_BATCH_TIMEOUT_MICROS"
WORKERS = "SAGEMAKER_GUNICORN_WORKERS"


@dataclass(frozen=True, kw_only=True, slots=True)
class Knobs:
    """The settings of a trial."""

    concurrency: int
    """``MaxConcurrentTransforms``: requests in flight for each instance."""
    payload_mb: int
    """``MaxPayloadInMB``. Its product with the concurrency may not exceed 100."""
    batch_size: int | None = None
    """Batch size of TensorFlow Serving; ``None`` as deployed."""
    timeout_micros: int | None = None
    """How long a batch waits for more requests; ``None`` for the container's 1,000 µs."""
    workers: int | None = None
    """gunicorn's processes, which run the handler; ``None`` as deployed."""

    def environment(self) -> dict[str, str]:
        """The container's variables that differ from the deployed Model's."""
        found: dict[str, str] = {}
        if self.batch_size is not None:
            found |= {ENABLE_BATCHING: "true", MAX_BATCH_SIZE: str(self.batch_size)}
        if self.timeout_micros is not None:
            found[BATCH_TIMEOUT] = str(self.timeout_micros)
        if self.workers is not None:
            found[WORKERS] = str(self.workers)
        return found

    def __str__(self) -> str:
        """In a few words."""
        words = [f"{self.concurrency} at a time"]
        if self.batch_size is not None:
            words.append(f"batches of {self.batch_size}")
        if self.timeout_micros is not None:
            words.append(f"waiting {self.timeout_micros / 1000:g} ms")
        if self.workers is not None:
            words.append(f"{self.workers} workers")
        return ", ".join(words)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One transform job over the sample, or several with the same settings."""

    knobs: Knobs
    rate: float
    """Records per second of one warm instance; 0 if the job failed."""
    interval: float = 0.0
    """Half of the rate's 95 % confidence interval, as a share of it."""
    jobs: int = 1
    latency_ms: int | None = None
    """Median latency of requests in the handler."""
    records: int = 0
    usd: float | None = None
    job: str = ""
    problem: str = ""
    """Why the job failed."""

    def document(self) -> dict[str, Any]:
        """In JSON types."""
        return {
            "maxConcurrentTransforms": self.knobs.concurrency,
            "maxPayloadInMB": self.knobs.payload_mb,
            "environment": self.knobs.environment(),
            "recordsPerSecond": round(self.rate, 3),
            "interval": round(self.interval, 4),
            "jobs": self.jobs,
            "latencyMilliseconds": self.latency_ms,
            "records": self.records,
            "usd": self.usd,
            "job": self.job,
            "problem": self.problem or None,
        }
