"""Settings of the container: image, Python version, host AMI and network isolation."""

from __future__ import annotations

from dataclasses import dataclass

AUTO = "auto"


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """The AWS Deep Learning Container with TensorFlow Serving in it."""

    tag: str = "2.20.0-gpu-py312-cu129-amzn2023-sagemaker"
    """The image's tag in ``tensorflow-inference``, in the registry of the region."""

    image: str | None = None
    """A full image URI in place of that image: a mirror, a digest, an image of your own."""

    python: str | None = None
    """The Python that runs the handler in the image, such as ``3.12``. ``None``: read it from the
    image's tag (``…-py312-…``)."""

    ami_version: str | None = AUTO
    """The host's AMI (``TransformAmiVersion``), which has NVIDIA's driver. ``auto``: the AMI that
    the image's CUDA needs, if its tag names CUDA. ``None``: SageMaker's default, with driver 470,
    on which CUDA 12 finds no GPU."""

    network_isolation: bool = True
    """No network and no credentials inside the container. Nothing is installed at its start."""
