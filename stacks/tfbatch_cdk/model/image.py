"""Finds the container image: its registry account in each region, and its Python version.

Sources: the region table of AWS Deep Learning Containers; for the GovCloud and isolated regions,
the SageMaker Python SDK. The CDK's table (``RegionInfo.dlc_repository_account``) lacks a dozen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Aws, CfnMapping, Stack, Token

from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model.vendoring import Runtime

if TYPE_CHECKING:
    from constructs import Construct

    from tfbatch_cdk.settings import Container

REPOSITORY = "tensorflow-inference"

_SHARED = "763104351884"
_SHARED_REGIONS = (
    *("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    *("ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3"),
    *("sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"),
)

REGISTRY_ACCOUNTS: dict[str, str] = dict.fromkeys(_SHARED_REGIONS, _SHARED) | {
    "af-south-1": "626614931356",
    "ap-east-1": "871362719292",
    "ap-east-2": "975050140332",
    "ap-northeast-3": "364406365360",
    "ap-south-2": "772153158452",
    "ap-southeast-3": "907027046896",
    "ap-southeast-4": "457447274322",
    "ap-southeast-5": "550225433462",
    "ap-southeast-6": "633930458069",
    "ap-southeast-7": "590183813437",
    "ca-west-1": "204538143572",
    "cn-north-1": "727897471807",
    "cn-northwest-1": "727897471807",
    "eu-central-2": "380420809688",
    "eu-south-1": "692866216735",
    "eu-south-2": "503227376785",
    "eusc-de-east-1": "204133271717",
    "il-central-1": "780543022126",
    "me-central-1": "914824155844",
    "me-south-1": "217643126080",
    "mx-central-1": "637423239942",
    "us-gov-east-1": "446045086412",
    "us-gov-west-1": "442386744353",
    "us-iso-east-1": "886529160074",
    "us-isob-east-1": "094389454867",
}

ECR_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+/(?P<repository>[^:@]+)[:@].+"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A container image, and the repository that SageMaker pulls it from."""

    uri: str
    repository_arn: str


def image(scope: Construct, container: Container) -> Image:
    """The image of a stage's containers.

    Args:
        scope: a stack without a fixed region gets a mapping of registries here, which
            CloudFormation reads during the deployment.
        container: the stage's settings.

    Raises:
        SettingsError: AWS has no registry in the stack's region, or ``Container.image`` isn't in
            an Elastic Container Registry, as CreateModel requires.
    """
    stack = Stack.of(scope)
    if container.image is None:
        account, region, repository = _registry_account(scope), stack.region, REPOSITORY
        uri = f"{account}.dkr.ecr.{region}.{Aws.URL_SUFFIX}/{repository}:{container.tag}"
    else:
        uri = container.image
        found = ECR_IMAGE.fullmatch(uri)
        if found is None:
            raise SettingsError(
                f"Container.image = {uri!r}: not an image with a tag or digest in an Elastic "
                "Container Registry; write <account>.dkr.ecr.<region>.amazonaws.com/<name>:<tag>"
            )
        account, region, repository = found["account"], found["region"], found["repository"]
    arn = stack.format_arn(
        service="ecr",
        resource="repository",
        resource_name=repository,
        account=account,
        region=region,
    )
    return Image(uri=uri, repository_arn=arn)


_PYTHON = re.compile(r"3\.\d{1,2}")
_TAGGED_PYTHON = re.compile(r"-py3(\d{1,2})\b")


def runtime(container: Container) -> Runtime:
    """The Python and platform to install the handler's packages for.

    Wheels need glibc 2.28: Ubuntu 20.04, the oldest base of AWS's images since 2.6, has 2.31.

    Raises:
        SettingsError: neither the image's tag nor ``Container.python`` names a Python 3 version.
    """
    image = container.image or f"{REPOSITORY}:{container.tag}"
    tagged = _TAGGED_PYTHON.search(image.rpartition(":")[2])
    python = container.python or (f"3.{tagged[1]}" if tagged else "")
    if not _PYTHON.fullmatch(python):
        raise SettingsError(
            f"Container.python = {container.python!r}: set it to the Python of the image "
            f"{image!r}, such as '3.12', to install the handler's packages for it"
        )
    machine = "aarch64" if "arm64" in image else "x86_64"
    return Runtime(python=python, platform=f"{machine}-manylinux_2_28")


def _registry_account(scope: Construct) -> str:
    region = Stack.of(scope).region
    if Token.is_unresolved(region):
        mapping = CfnMapping(
            scope,
            "RegistryAccounts",
            mapping={name: {"account": account} for name, account in REGISTRY_ACCOUNTS.items()},
        )
        return mapping.find_in_map(Aws.REGION, "account")
    if region not in REGISTRY_ACCOUNTS:
        raise SettingsError(
            f"Stage.region = {region!r}: AWS's TensorFlow Serving image has no known registry "
            "there; set Container.image to the URI of a copy in that region"
        )
    return REGISTRY_ACCOUNTS[region]
