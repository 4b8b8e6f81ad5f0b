"""Properties of instance types: which there are, their GPUs and local disks.

The types are those of botocore's service model, as ``instance_types.json`` keeps them: botocore
takes half a second to read it. Add a new GPU family here.
"""

from __future__ import annotations

import difflib
import json
import re
from functools import cache
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("instance_types.json")
"""Enumeration of SageMaker's API -> its instance types, without ``ml.``."""
_PREFIX: Final = "ml."
_FAMILY: Final = re.compile(r"p2|p3|p4de?|p5e?n?|g4dn|g5|g6e?|[cmrt]\d+\w*")
"""The families that TensorFlow Serving's images run on; not Inferentia and Trainium."""
_LOCAL_DISKS: Final = re.compile(r"(g4dn|g5|g6e?|p4de?|p5e?n?|[cmr]\d+[a-z]*d[a-z]*)\..*")
_ARM: Final = re.compile(r"[a-z]+\d+g[a-z]*\..*")

_SEVERAL_GPUS = {
    **{
        f"{family}.{size}": 4 for family in ("g5", "g6", "g6e") for size in ("12xlarge", "24xlarge")
    },
    **{f"{family}.48xlarge": 8 for family in ("g5", "g6", "g6e")},
    "g4dn.12xlarge": 4,
    **dict.fromkeys(
        ("p4d.24xlarge", "p4de.24xlarge", "p5.48xlarge", "p5e.48xlarge", "p5en.48xlarge"), 8
    ),
    "p3.8xlarge": 4,
    "p3.16xlarge": 8,
    "p2.8xlarge": 8,
    "p2.16xlarge": 16,
}
"""Source: "Amazon EC2 instance types"."""


def of_transform() -> frozenset[str]:
    """The types of CreateTransformJob that the images run on, without ``ml.``."""
    return _types("TransformInstanceType")


def of_endpoints() -> frozenset[str]:
    """The types of CreateEndpointConfig that the images run on, without ``ml.``."""
    return _types("ProductionVariantInstanceType")


def remedy(name: str, known: frozenset[str], service: str) -> str:
    """What to write in place of a type that isn't known; nothing if it is.

    Args:
        name: the type.
        known: the types of the service.
        service: its name.
    """
    if name in known:  # at every synthesis: the search takes 10 ms a type
        return ""
    close = difflib.get_close_matches(name.removeprefix(_PREFIX), sorted(known), n=3)
    examples = close or ["g4dn.xlarge", "g5.xlarge", "c7i.xlarge"]
    return (
        f"{service} has no {name!r}; use a type of its own without {_PREFIX!r}, such as "
        f"{', '.join(map(repr, examples))}. The list is SageMaker's, as this version knows it"
    )


def is_arm(instance_type: str) -> bool:
    """Whether it has an ARM processor, AWS Graviton, which needs an image of its own."""
    return _ARM.fullmatch(instance_type) is not None and not instance_type.startswith("g")


@cache
def _types(enumeration: str) -> frozenset[str]:
    names = json.loads(FILE.read_text())[enumeration]
    return frozenset(name for name in names if _FAMILY.fullmatch(name.partition(".")[0]))


def gpu_count(instance_type: str) -> int:
    """The number of GPUs of an instance type without ``ml.``; 0 if it has none."""
    return _SEVERAL_GPUS.get(instance_type, 1) if instance_type.startswith(("g", "p")) else 0


def has_local_disks(instance_type: str) -> bool:
    """Whether the instance has local NVMe disks, which the hardware encrypts.

    CreateTransformJob and CreateEndpointConfig refuse a KMS key for them (API reference,
    ``TransformResources.VolumeKmsKeyId``).
    """
    return _LOCAL_DISKS.fullmatch(instance_type) is not None
