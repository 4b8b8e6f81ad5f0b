"""Assumes the rate of an instance where nothing was measured.

It is arithmetic, not a measurement: the time that one core takes for a photograph of 100 KB and
1024 x 768 pixels, as ``docs/benchmarks.md``, "An instance", has it, and the published rate of the
type's GPU for ResNet-50. The first run, or ``tfbatch tune``, replaces it.
"""

from __future__ import annotations

import re
from typing import Final

_CORE_SECONDS: Final = 0.0063
"""Of the container's Python, base64 and decoding. Source: ``docs/benchmarks.md``."""
_NETWORK_CORE_SECONDS: Final = 0.080
"""Of ResNet-50, without a GPU: two cores did 23.5 JPEG files a second in the bare loop of
``benchmarks/sandbox``, less their decoding. The same two did 13.3 on a slower day."""
_VCPUS_A_CORE: Final = 2
"""Source: EC2 user guide, "CPU options for Amazon EC2 instances": of x86 types; taken for all."""
_GPU: Final = {"g4dn": 394.0, "p3": 1003.0, "p3dn": 1003.0, "p4d": 2549.0, "p4de": 2549.0}
"""Images a second of one GPU. Source: NVIDIA/DeepLearningExamples, ResNet-50 v1.5 for TensorFlow:
T4 and V100 in FP32, A100 in TF32. Of other GPUs it has none, so there the vCPUs are the limit."""
_WITH_GPUS: Final = re.compile(r"[gp]\d")
_SIZE: Final = re.compile(r"(?:ml\.)?[a-z]+\d\w*\.(?P<count>\d*)(?P<unit>x?large|metal)")
_VCPUS: Final = {"large": 2, "xlarge": 4, "metal": 96}
_UNKNOWN_VCPUS: Final = 2


def assumed(instance_type: str) -> tuple[float, str]:
    """The rate of one instance and the words that say where it is from.

    A machine with several GPUs is taken to have one: so it isn't promised too much.

    Args:
        instance_type: like ``ml.g5.xlarge``.
    """
    family = instance_type.removeprefix("ml.").partition(".")[0]
    count = vcpus(instance_type) or _UNKNOWN_VCPUS
    cores = count / _VCPUS_A_CORE
    if _WITH_GPUS.match(family):
        rate = min(cores / _CORE_SECONDS, _GPU.get(family, float("inf")))
    else:
        rate = cores / (_CORE_SECONDS + _NETWORK_CORE_SECONDS)
    return float(f"{rate:.2g}"), (
        f"assumed: photographs through ResNet-50 on {count} vCPUs, by arithmetic; nothing was "
        "measured here, and the first run or 'tfbatch tune' will"
    )


def vcpus(instance_type: str) -> int | None:
    """The vCPUs of an instance type; ``None`` if its name doesn't tell.

    ``Nxlarge`` has 4 N and ``large`` has 2, in every family used here.
    """
    found = _SIZE.fullmatch(instance_type)
    return None if found is None else _VCPUS[found["unit"]] * int(found["count"] or 1)
