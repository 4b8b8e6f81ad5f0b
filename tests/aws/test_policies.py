"""The functions' calls against the roles' policies and the VPC endpoints that they go through."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.session
import pytest
from botocore import xform_name

import tfbatch_functions
from tests.tfbatch_cdk.security.policies import actions, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tfbatch_cdk.conftest import Assembly

CODE = Path(tfbatch_functions.__file__).parent
SERVICES = ("logs", "s3", "sagemaker")
"""The services that the functions have clients of."""
OF_S3 = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "DeleteObject": "DeleteObject",
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "ListObjectsV2": "ListBucket",
}
"""The permissions of S3's operations; the others are those of a write, ``PutObject``."""
FUNCTIONS = ("Plan", "Reconcile", "Summarize", "Stop")


def _operations(service: str) -> dict[str, str]:
    """Operations by their method's name; those of only one service, which a name tells apart."""
    session = botocore.session.get_session()
    names = {
        each: {xform_name(name): name for name in session.get_service_model(each).operation_names}
        for each in SERVICES
    }
    others = {name for each in SERVICES if each != service for name in names[each]}
    return {name: operation for name, operation in names[service].items() if name not in others}


def _calls(service: str) -> Iterator[str]:
    """The IAM actions of the service that the functions' code calls."""
    known = _operations(service)
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = node.attr if isinstance(node, ast.Attribute) else ""
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                name = node.value  # of a paginator
            if name in known:
                operation = known[name]
                action = OF_S3.get(operation, "PutObject") if service == "s3" else operation
                yield f"{service}:{action}"


@pytest.fixture(scope="module")
def prod(assemblies: dict[str, Assembly]) -> Assembly:
    return assemblies["prod"]


@pytest.mark.parametrize("service", SERVICES)
def test_the_endpoints_allow_every_call_of_the_functions(prod: Assembly, service: str) -> None:
    called = set(_calls(service))
    assert called
    allowed = {
        action
        for endpoint in prod.of_type("AWS::EC2::VPCEndpoint").values()
        for statement in endpoint["Properties"]["PolicyDocument"]["Statement"]
        for action in actions(statement)
    }
    assert called - allowed == set()


@pytest.mark.parametrize("service", SERVICES)
def test_a_role_of_the_functions_allows_every_call(prod: Assembly, service: str) -> None:
    granted = {
        action
        for name in FUNCTIONS
        for statement in statements(prod, name)
        if statement["Effect"] == "Allow"
        for action in actions(statement)
    }
    assert set(_calls(service)) - granted == set()
