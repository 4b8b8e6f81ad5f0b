"""The environment variables that SageMaker gives a container."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tfbatch_sandbox.transform.job import Job, Model

_STRATEGIES: Final = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}
OF_THE_IMAGE: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
"""Variables that an image sets. Here this machine's are used."""
_CREDENTIALS: Final = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)


def container_environment(job: Job, *, port_range: tuple[int, int], region: str) -> dict[str, str]:
    """Every variable of one container of a transform job.

    The job's variables override the Model's; AWS doesn't document which wins. Parameters are passed
    only if the caller set them, and credentials only if the container isn't isolated.
    """
    requested = job.requested
    told = {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": requested.max_payload_in_mb,
        "SAGEMAKER_BATCH_STRATEGY": _STRATEGIES.get(requested.batch_strategy or ""),
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": requested.max_concurrent_transforms,
    }
    return (
        _passed(job.model)
        | dict(job.environment)
        | {name: str(value) for name, value in told.items() if value is not None}
        | _place(port_range, region)
    )


def endpoint_environment(
    model: Model, *, port_range: tuple[int, int], region: str
) -> dict[str, str]:
    """Every variable of one container of an endpoint. None is about batches."""
    return _passed(model) | _place(port_range, region)


def _passed(model: Model) -> dict[str, str]:
    passed = OF_THE_IMAGE if model.network_isolation else (*OF_THE_IMAGE, *_CREDENTIALS)
    inherited = {name: os.environ[name] for name in passed if name in os.environ}
    return inherited | dict(model.environment)


def _place(port_range: tuple[int, int], region: str) -> dict[str, str]:
    return {
        "SAGEMAKER_SAFE_PORT_RANGE": "{}-{}".format(*port_range),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }
