"""Derives the container's environment variables from instance type and timeouts.

The container has the same defaults on 4 processors and on 192. ``RULES`` has the variables of a
job, which depend on its instance type; the others go to the Model. No variable is in both, since
SageMaker doesn't document which one wins. ``Model.environment`` overrides every variable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model.saved_model import is_mergeable, signature_of
from tfbatch_cdk.settings.instance_types import gpu_count
from tfbatch_functions.throughput.assumed import vcpus
from tfbatch_handler.environment import ENABLE_BATCHING, MAX_BATCH_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_cdk.settings import Invocations, Model, Stage

MAX_JOB_VARIABLES: Final = 16
"""Limit of CreateTransformJob for ``Environment``."""

_API_TIMEOUT_SECONDS: Final = 600
"""Default of ``InvocationsTimeoutInSeconds``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """The properties of an instance type and a model that the rules use."""

    vcpus: int
    gpus: int
    merges: bool
    """Whether the model's requests can be merged into one batch."""

    @property
    def workers(self) -> int:
        """The number of Gunicorn workers."""
        return min(16, max(2, self.vcpus // 4))


def machine(instance_type: str, *, merges: bool) -> Machine:
    """The hardware of an instance type, ``g5.xlarge``."""
    count = vcpus(instance_type)
    if count is None:
        raise SettingsError(f"Compute.instance_types has {instance_type!r}: not an instance type")
    return Machine(vcpus=count, gpus=gpu_count(instance_type), merges=merges)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A variable of a job, and the rule for its value."""

    name: str
    value: Callable[[Machine], str | None]
    """``None``: keep the container's default."""
    rule: str
    reason: str


def _on_gpus(value: str) -> Callable[[Machine], str | None]:
    return lambda machine: value if machine.merges and machine.gpus else None


def _of_many(value: Callable[[int], str]) -> Callable[[Machine], str | None]:
    return lambda machine: value(machine.gpus) if machine.gpus > 1 else None


RULES: Final = (
    Rule(
        name="SAGEMAKER_GUNICORN_WORKERS",
        value=lambda machine: str(machine.workers),
        rule="one for 4 vCPUs, 2 to 16",
        reason="The container's one gevent worker uses one processor: decoding waits in line, and "
        "TensorFlow Serving has nothing to batch (B5.4).",
    ),
    Rule(
        name="OMP_NUM_THREADS",
        value=lambda machine: str(machine.vcpus // machine.workers),
        rule="vCPUs / workers",
        reason="The container sets 1, which slows NumPy and OpenCV in a format of your own "
        "(B5.14); all workers together get as many threads as there are processors.",
    ),
    Rule(
        name=ENABLE_BATCHING,
        value=_on_gpus("true"),
        rule="`true` on GPUs, where the signature's inputs have fixed shapes",
        reason="A GPU takes 16 records in hardly more time than one; the article's requests are "
        "of one record. Inputs of several sizes can't be merged (B5.7).",
    ),
    Rule(
        name=MAX_BATCH_SIZE,
        value=_on_gpus("16"),
        rule="16, with batching",
        reason="The container's 8 is too few, and more than the 16 requests that a job has in "
        "flight would wait for the time-out; larger payloads are cut to it (B5.7).",
    ),
    Rule(
        name="SAGEMAKER_TFS_BATCH_TIMEOUT_MICROS",
        value=_on_gpus("5000"),
        rule="5000, with batching",
        reason="The container's 1 ms sends batches of a few. While the GPU works the next batch "
        "fills by itself; the article's 50 ms would hold up a job with fewer than 16 in flight.",
    ),
    Rule(
        name="SAGEMAKER_TFS_INSTANCE_COUNT",
        value=_of_many(str),
        rule="GPUs, where there are several",
        reason="One TensorFlow Serving uses GPU 0 alone (B5.8); the handler asks whichever is "
        "least busy.",
    ),
    Rule(
        name="SAGEMAKER_TFS_FRACTIONAL_GPU_MEM_MARGIN",
        value=_of_many(lambda count: f"{1 - 0.8 * count:.1f}"),
        rule="1 - 0.8 x GPUs, where there are several",
        reason="The container divides the memory by the number of servers, though each has a GPU "
        "of its own (B5.8): this leaves each 0.8 of it, as on a single one.",
    ),
)


def of_job(model: Model, instance_type: str) -> dict[str, str]:
    """The ``Environment`` of a model's jobs on an instance type.

    Args:
        model: its ``environment`` overrides variables.
        instance_type: without ``ml.``.
    """
    merges = ENABLE_BATCHING not in model.environment and is_mergeable(signature_of(model))
    chosen = machine(instance_type, merges=merges)
    found = {rule.name: rule.value(chosen) for rule in RULES}
    return {
        name: value
        for name, value in found.items()
        if value is not None and name not in model.environment
    }


def of_stage_job(stage: Stage, model: Model, instance_type: str) -> dict[str, str]:
    """The ``Environment`` of a model's jobs in a stage, with the variables that requests may set.

    Those move from the Model to its jobs, because SageMaker doesn't document which one wins.

    Raises:
        SettingsError: with the variables of requests there are too many.
    """
    found = of_job(model, instance_type)
    movable = of_model(model, stage.invocations)
    found |= {name: movable[name] for name in stage.request_variables if name in movable}
    count = len(found.keys() | set(stage.request_variables))
    if count > MAX_JOB_VARIABLES:
        raise SettingsError(
            f"Stage.request_variables = {stage.request_variables!r}: with the variables that jobs "
            f"have on {instance_type} these are {count}, and CreateTransformJob admits "
            f"{MAX_JOB_VARIABLES}: remove some"
        )
    return found


def of_stage_model(stage: Stage, model: Model) -> dict[str, str]:
    """The variables of a stage's Model, without those that requests may set for its jobs."""
    found = of_model(model, stage.invocations)
    return {name: value for name, value in found.items() if name not in stage.request_variables}


def of_model(model: Model, invocations: Invocations | None) -> dict[str, str]:
    """All variables of a Model: timeouts, handler settings and ``Model.environment``.

    The handler times out first and answers with an error, then Gunicorn and nginx, then SageMaker,
    which retries.
    """
    outermost = invocations.timeout_seconds if invocations else _API_TIMEOUT_SECONDS
    margin = max(1, min(10, outermost // 20))
    handler = replace(
        model.settings(),
        timeout_seconds=max(1, min(model.handler.timeout_seconds, outermost - 2 * margin)),
    )
    between = str(max(1, min(handler.timeout_seconds + margin, math.ceil(outermost - margin))))
    return {
        "SAGEMAKER_GUNICORN_TIMEOUT_SECONDS": between,
        "SAGEMAKER_NGINX_PROXY_READ_TIMEOUT_SECONDS": between,
        "SAGEMAKER_TFS_WAIT_TIME_SECONDS": "600",
        **handler.variables(),
        **model.environment,
    }
