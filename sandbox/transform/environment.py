"""The environment SageMaker gives a container in a transform job, and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sandbox.transform.job import Job

_STRATEGIES: Final = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}
_OF_THE_IMAGE: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
"""What an image would set for itself; here it is the machine's."""
_CREDENTIALS: Final = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)


def container_environment(job: Job, *, port_range: tuple[int, int], region: str) -> dict[str, str]:
    """Every variable of one container.

    The job's own variables win over the Model's; which wins on AWS is not documented.
    Parameters are passed on only if the caller set them; credentials only to a container that
    is not isolated.
    """
    requested = job.requested
    told = {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": requested.max_payload_in_mb,
        "SAGEMAKER_BATCH_STRATEGY": _STRATEGIES.get(requested.batch_strategy or ""),
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": requested.max_concurrent_transforms,
        "SAGEMAKER_SAFE_PORT_RANGE": "{}-{}".format(*port_range),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }
    passed = _OF_THE_IMAGE if job.model.network_isolation else (*_OF_THE_IMAGE, *_CREDENTIALS)
    return (
        {name: os.environ[name] for name in passed if name in os.environ}
        | dict(job.model.environment)
        | dict(job.environment)
        | {name: str(value) for name, value in told.items() if value is not None}
    )
