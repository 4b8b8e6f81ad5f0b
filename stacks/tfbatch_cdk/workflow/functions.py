"""The Lambda functions of the workflow: package, role, log group and VPC."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

import tfbatch_functions
from tfbatch_cdk.network import eni_permissions
from tfbatch_cdk.security.grants import acknowledge_wildcard, allow, bucket_arn, colon_arn
from tfbatch_cdk.security.nag_acknowledgements import (
    NO_DEAD_LETTERS,
    NO_RESERVED_CONCURRENCY,
    OUTSIDE_A_VPC,
    acknowledge,
)
from tfbatch_cdk.workflow.fields import jobs_of_stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_cdk import aws_s3 as s3

    from tfbatch_cdk.security.context import SecurityContext

_CODE = Path(tfbatch_functions.__file__).parent

_MEMORY_MB = 1769
"""One vCPU (Lambda developer guide, "Configure Lambda function memory")."""


@contextmanager
def functions_code() -> Iterator[lambda_.Code]:
    """The code of all functions of a stack: ``tfbatch_functions``, its handlers at the root.

    The CDK copies it when the first function is made; later ones share that asset.
    """
    with tempfile.TemporaryDirectory(prefix="tfbatch-functions-") as folder:
        package = Path(folder, _CODE.name)
        shutil.copytree(_CODE, package, ignore=shutil.ignore_patterns("__pycache__"))
        for handler in (package / "handlers").glob("[!_]*.py"):
            handler.rename(Path(folder, handler.name))
        shutil.rmtree(package / "handlers")
        yield lambda_.Code.from_asset(folder)


class Function(Construct):
    """A Lambda function with its own role; its id names the module of its handler."""

    def __init__(  # noqa: PLR0913 # keyword-only
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        code: lambda_.Code,
        security: SecurityContext,
        role: iam.IRole | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role: iam.IRole = role or iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=description,
        )
        log = security.log_group(self, "Log")
        self.log_group_name = log.log_group_name
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{construct_id.lower()}.handler",
            code=code,
            role=self.role,
            description=description,
            memory_size=_MEMORY_MB,
            timeout=Duration.minutes(15),
            log_group=log,
            tracing=lambda_.Tracing.ACTIVE,
        )
        acknowledge(self.function, NO_DEAD_LETTERS, NO_RESERVED_CONCURRENCY)
        acknowledge_wildcard(self.role, "*", because="X-Ray has no resources (added by the CDK)")
        self._put_into_vpc(security)
        allow(
            self.role,
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            on=colon_arn(self, "logs", "log-group", f"{log.log_group_name}:log-stream:*"),
            because="Lambda creates a log stream for each execution environment",
        )

    def _put_into_vpc(self, security: SecurityContext) -> None:
        """Attach the function to the stage's VPC, if it has one."""
        vpc = security.function_vpc
        if vpc is None:
            acknowledge(self.function, OUTSIDE_A_VPC)
            return
        eni_permissions.allow_to_functions(self.role)
        resource = cast("lambda_.CfnFunction", self.function.node.default_child)
        resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=list(vpc.subnets), security_group_ids=list(vpc.security_groups)
        )

    def grant(
        self, bucket: s3.IBucket, *, read: bool = False, write: bool = False, delete: bool = False
    ) -> None:
        """Allow the function to list and read, write, or delete a bucket's objects."""
        arn = bucket_arn(self, bucket)
        reason = "an execution names the folder; the keys depend on its shards and outputs"
        actions = [
            *(("s3:GetObject",) if read else ()),
            *(("s3:AbortMultipartUpload", "s3:PutObject") if write else ()),
            *(("s3:DeleteObject",) if delete else ()),
        ]
        allow(self.role, *actions, on=f"{arn}/*", because=reason)
        if read:
            allow(self.role, "s3:ListBucket", on=arn)

    def read_job_logs(self, stage: str) -> None:
        """Allow the function to read the logs of a stage's transform jobs."""
        streams = colon_arn(self, "logs", "log-group", "/aws/sagemaker/TransformJobs:log-stream:")
        because = "log streams begin with the names of jobs, which an execution creates"
        allow(self.role, "logs:DescribeLogStreams", on=f"{streams}*", because=because)
        allow(
            self.role, "logs:GetLogEvents", on=f"{streams}{jobs_of_stage(stage)}*", because=because
        )
