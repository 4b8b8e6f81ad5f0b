"""The machine image of a transform job's hosts, which decides NVIDIA's driver.

Source: ``TransformResources.TransformAmiVersion`` in the API reference of SageMaker; which driver a
CUDA asks for, CUDA's release notes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.settings.container import AUTO

if TYPE_CHECKING:
    from tfbatch_cdk.settings import Container

AMI_FOR_CUDA_12 = "al2-ami-sagemaker-batch-gpu-535"
"""With NVIDIA's driver 535. CUDA 12 asks for 525 or later; SageMaker's default host has 470.
Sources: CUDA's release notes; aws/deep-learning-containers#4990."""
_GPU_FAMILY = re.compile(r"(p|g)\d")
_CUDA = re.compile(r"-cu(\d{2})\d\b")
_SERVING = re.compile(r"(\d+)\.(\d+)(\.\d+)?-gpu\b")
_FIRST_WITH_CUDA_12 = (2, 15)
"""Of TensorFlow's versions, for tags that don't name CUDA's."""


def ami_version(container: Container, instance_type: str) -> str | None:
    """The ``TransformAmiVersion`` of a host that runs the image; ``None`` is SageMaker's default.

    Args:
        container: the stage's choice.
        instance_type: without ``ml.``; one without a GPU has no driver to choose.

    Raises:
        SettingsError: no driver serves both the image and the GPU.
    """
    if not _GPU_FAMILY.match(instance_type):
        return None
    if container.ami_version != AUTO:
        return container.ami_version
    if not _is_of_cuda_12(container.image or container.tag):
        return None
    if instance_type.startswith("p2."):
        raise SettingsError(
            f"Compute.instance_types has {instance_type!r}: its GPU, a K80, is unknown to CUDA 12, "
            "which the image has; use another type, or an image of TensorFlow 2.14 or earlier"
        )
    return AMI_FOR_CUDA_12


def _is_of_cuda_12(image: str) -> bool:
    """What a tag of AWS's tells; ``False`` when it tells nothing."""
    if cuda := _CUDA.search(image):
        return int(cuda[1]) >= 12  # noqa: PLR2004
    if serving := _SERVING.search(image):
        return (int(serving[1]), int(serving[2])) >= _FIRST_WITH_CUDA_12
    return False
