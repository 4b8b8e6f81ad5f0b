"""Constructs for TensorFlow batch inference with SageMaker Batch Transform.

``BatchInference`` is all of it in one construct. ``Data``, ``Inference`` and ``RealTime`` are its
parts, for stacks of their own. ``ExistingVpc``, ``Buckets`` and ``Roles`` are for what you bring
along. The settings are in ``tfbatch_cdk.settings``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfbatch_cdk.batch_inference.batch_inference import BatchInference
    from tfbatch_cdk.batch_inference.data import Data
    from tfbatch_cdk.batch_inference.inference import Inference
    from tfbatch_cdk.batch_inference.real_time import RealTime
    from tfbatch_cdk.network.vpc import ExistingVpc
    from tfbatch_cdk.security.roles import Roles
    from tfbatch_cdk.storage.buckets import Buckets

__all__ = ["BatchInference", "Buckets", "Data", "ExistingVpc", "Inference", "RealTime", "Roles"]

_MODULES = {
    "BatchInference": "batch_inference.batch_inference",
    "Buckets": "storage.buckets",
    "Data": "batch_inference.data",
    "ExistingVpc": "network.vpc",
    "Inference": "batch_inference.inference",
    "RealTime": "batch_inference.real_time",
    "Roles": "security.roles",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 # a class
    """Import a construct when it is used: the settings alone need no CDK."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """Every public name."""
    return sorted([*globals(), *__all__])
