"""Tests of the AMI choice, by the container's CUDA and the instance's GPU."""

from __future__ import annotations

import pytest

from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model.ami import AMI_FOR_CUDA_12, ami_version
from tfbatch_cdk.settings import Container


@pytest.mark.parametrize(
    ("tag", "needs"),
    [
        ("2.20.0-gpu-py312-cu129-amzn2023-sagemaker", True),
        ("2.19.0-gpu-py312-cu122-ubuntu22.04-sagemaker", True),
        ("2.20-gpu-py312", True),
        ("2.16.1-gpu", True),
        ("2.14.1-gpu-py310-cu118-ubuntu20.04-sagemaker", False),
        ("2.14.1-gpu", False),
        ("2.20.0-cpu-py312-amzn2023-sagemaker", False),
        ("my-own", False),
    ],
)
def test_cuda_12_needs_a_newer_driver_than_sagemakers_default(tag: str, *, needs: bool) -> None:
    expected = AMI_FOR_CUDA_12 if needs else None
    assert ami_version(Container(tag=tag), "g5.xlarge") == expected
    image = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:{tag}"
    assert ami_version(Container(image=image), "g4dn.2xlarge") == expected


def test_an_instance_without_a_gpu_has_no_driver_to_choose() -> None:
    assert ami_version(Container(), "c6i.4xlarge") is None
    assert ami_version(Container(ami_version="any"), "c6i.4xlarge") is None


def test_what_the_stage_names_is_taken() -> None:
    assert ami_version(Container(ami_version="al2-ami-new"), "g5.xlarge") == "al2-ami-new"
    assert ami_version(Container(ami_version=None), "g5.xlarge") is None


def test_a_gpu_that_cuda_12_does_not_know_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"'p2.xlarge': its GPU, a K80"):
        ami_version(Container(), "p2.xlarge")
