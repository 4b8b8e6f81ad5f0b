"""Properties of instance types: supported families, GPUs and local disks. Add a new type here."""

import re

_GPU = r"p3|p4de?|p5e?n?|g4dn|g5|g6e?"

TRANSFORM_TYPE = re.compile(r"(p2|p3|g4dn|g5|g6|g6e|c[4567]\w*|m[4567]\w*|r[5678]\w*)\.\w+")
"""The instance types of CreateTransformJob that this app's images run on."""

ENDPOINT_TYPE = re.compile(rf"({_GPU}|[cmr][4567]\w*)\.\w+")
"""The instance types of endpoints that this app's images run on."""

_LOCAL_DISKS = re.compile(r"(g4dn|g5|g6e?|p3dn|[cmr]\d+[a-z]*d[a-z]*)\..*")

_SEVERAL_GPUS = {
    **{
        f"{family}.{size}": 4 for family in ("g5", "g6", "g6e") for size in ("12xlarge", "24xlarge")
    },
    **{f"{family}.48xlarge": 8 for family in ("g5", "g6", "g6e")},
    "g4dn.12xlarge": 4,
    "p3.8xlarge": 4,
    "p3.16xlarge": 8,
    "p2.8xlarge": 8,
    "p2.16xlarge": 16,
}
"""Source: "Amazon EC2 instance types"."""


def gpu_count(instance_type: str) -> int:
    """The number of GPUs of an instance type without ``ml.``; 0 if it has none."""
    return _SEVERAL_GPUS.get(instance_type, 1) if instance_type.startswith(("g", "p")) else 0


def has_local_disks(instance_type: str) -> bool:
    """Whether the instance has local NVMe disks, which the hardware encrypts.

    CreateTransformJob and CreateEndpointConfig refuse a KMS key for them (API reference,
    ``TransformResources.VolumeKmsKeyId``).
    """
    return _LOCAL_DISKS.fullmatch(instance_type) is not None
