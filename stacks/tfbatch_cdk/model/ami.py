"""Chooses the AMI of a transform job's instances, which has NVIDIA's driver.

Sources: ``TransformResources.TransformAmiVersion`` in SageMaker's API reference; CUDA's release
notes for the driver that each CUDA version needs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.settings.container import AUTO
from tfbatch_cdk.settings.instance_types import gpu_count

if TYPE_CHECKING:
    from tfbatch_cdk.settings import Container

AMI_FOR_CUDA_12 = "al2-ami-sagemaker-batch-gpu-535"
"""It has NVIDIA's driver 535. CUDA 12 needs 525 or later; SageMaker's default AMI has 470.
Sources: CUDA's release notes; aws/deep-learning-containers#4990."""
_CUDA = re.compile(r"-cu(\d{2})\d\b")
_SERVING = re.compile(r"(\d+)\.(\d+)(\.\d+)?-gpu\b")
_FIRST_WITH_CUDA_12 = (2, 15)
"""The first TensorFlow version with CUDA 12, for tags that don't name a CUDA version."""


def ami_version(container: Container, instance_type: str) -> str | None:
    """The ``TransformAmiVersion`` that runs the image; ``None``: SageMaker's default.

    Args:
        container: the stage's settings.
        instance_type: without ``ml.``; a type without a GPU gets ``None``.

    Raises:
        SettingsError: no driver supports both the image and the GPU.
    """
    if not gpu_count(instance_type):
        return None
    if container.ami_version != AUTO:
        return container.ami_version
    if not _has_cuda_12(container.image or container.tag):
        return None
    if instance_type.startswith("p2."):
        raise SettingsError(
            f"Compute.instance_types has {instance_type!r}: its GPU, a K80, isn't supported by "
            "the image's CUDA 12; use another type, or an image of TensorFlow 2.14 or earlier"
        )
    return AMI_FOR_CUDA_12


def _has_cuda_12(image: str) -> bool:
    """Whether the tag of an AWS image names CUDA 12; ``False`` if it names no version."""
    if cuda := _CUDA.search(image):
        return int(cuda[1]) >= 12  # noqa: PLR2004
    if serving := _SERVING.search(image):
        return (int(serving[1]), int(serving[2])) >= _FIRST_WITH_CUDA_12
    return False
