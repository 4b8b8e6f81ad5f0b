"""Puts old faults back, one at a time, in a copy of the code: ``check-aws`` must find each.

``make check-aws-red`` runs it. Each fault was found by reading the templates as an architect would.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.paths import REPOSITORY

_CDK = "stacks/tfbatch_cdk"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A change of the code that brings an old fault back."""

    what: str
    file: str
    text: str
    old: str
    """What replaces the text."""
    test: str
    """The test of ``check-aws`` that must fail."""


FAULTS = (
    Fault(
        what="every S3 error means that a key is claimed",
        file=f"{_CDK}/workflow/claims.py",
        text='"Next": "Was another run quicker?",\n                }',
        old='"Next": "It ran before",\n                }',
        test="tests/aws/test_states.py::test_no_error_of_a_whole_service_is_taken_for_one_thing",
    ),
    Fault(
        what="the CDK drops the nulls, so a key is claimed without a condition",
        file=f"{_CDK}/workflow/asl.py",
        text="to_json_string(_with_nulls(definition))",
        old="to_json_string(definition)",
        test="tests/aws/test_states.py::test_a_variable_that_is_null_at_first_is_assigned",
    ),
    Fault(
        what="a dry run spends its key",
        file=f"{_CDK}/workflow/claims.py",
        text='HAS_KEY = "$request.key != null and $not($request.dry_run)"',
        old='HAS_KEY = "$request.key != null"',
        test="tests/aws/test_states.py::test_a_key_is_claimed_when_the_plan_is_accepted",
    ),
    Fault(
        what="a deployment deletes the models of running executions",
        file=f"{_CDK}/model/sagemaker_model.py",
        text="update_replace_policy = CfnDeletionPolicy.RETAIN",
        old="update_replace_policy = CfnDeletionPolicy.DELETE",
        test="tests/tfbatch_cdk/test_templates.py::test_a_deployment_leaves_running_executions_their_model",
    ),
    Fault(
        what="a deployment takes the artifact from running executions",
        file=f"{_CDK}/model/bundling.py",
        text="location.object_key.replace(artifact.digest, '*')",
        old="location.object_key",
        test="tests/tfbatch_cdk/test_templates.py::test_a_deployment_leaves_running_executions_their_model",
    ),
    Fault(
        what="the endpoint of CloudWatch Logs doesn't allow what Reconcile calls",
        file=f"{_CDK}/network/vpc_endpoints.py",
        text='*("logs:GetLogEvents", "logs:PutLogEvents"),',
        old='"logs:PutLogEvents",',
        test="tests/aws/test_policies.py::test_the_endpoints_allow_every_call_of_the_functions",
    ),
    Fault(
        what="log groups of state machines fill the account's resource policy",
        file=f"{_CDK}/security/context.py",
        text='DELIVERED = "/aws/vendedlogs/states/"',
        old='DELIVERED = "/tfbatch/"',
        test="tests/tfbatch_cdk/security/test_monitoring.py::test_logs_of_state_machines_take_no_room_in_the_accounts_policy",
    ),
    Fault(
        what="endpoint services have the names of the standard partition",
        file=f"{_CDK}/network/vpc_endpoints.py",
        text="service_name=_service_name(scope, service),",
        old='service_name=f"com.amazonaws.{Aws.REGION}.{service}",',
        test="tests/tfbatch_cdk/test_partitions.py::test_endpoint_services_have_the_partitions_names",
    ),
    Fault(
        what="the zones are the first two, whatever the settings say",
        file=f"{_CDK}/network/vpc.py",
        text="zone = network.zones[number] if network.zones else Fn.select",
        old="zone = Fn.select",
        test="tests/tfbatch_cdk/security/test_network.py::test_the_subnets_are_in_the_zones_of_the_settings",
    ),
    Fault(
        what="instance types that no job can have are taken",
        file=f"{_CDK}/settings/compute.py",
        text='require(name in known, self, "instance_types", remedy)',
        old="del remedy",
        test="tests/tfbatch_cdk/test_settings.py::test_a_type_that_no_job_can_have_is_refused",
    ),
    Fault(
        what="a missing metric hides the other in a sum",
        file=f"{_CDK}/monitoring/alarms.py",
        text="FILL(failed, 0) + FILL(late, 0)",
        old="failed + late",
        test="tests/tfbatch_cdk/security/test_monitoring.py::test_a_metric_that_is_missing_hides_no_other_in_a_sum",
    ),
    Fault(
        what="stages of one account share the names of jobs",
        file=f"{_CDK}/workflow/fields.py",
        text='return f"tfbatch-{stage}-"',
        old='return "tfbatch-"',
        test="tests/tfbatch_cdk/security/test_roles.py::test_no_role_of_a_stage_names_the_jobs_of_another",
    ),
    Fault(
        what="the executions of shards can't be redriven",
        file=f"{_CDK}/workflow/state_machine.py",
        text='*("states:DescribeExecution", "states:RedriveExecution"),',
        old='"states:DescribeExecution",',
        test="tests/tfbatch_cdk/test_templates.py::test_the_maps_executions_can_be_redriven",
    ),
    Fault(
        what="a first deployment that fails leaves orphans",
        file=f"{_CDK}/security/context.py",
        text="RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE",
        old="RemovalPolicy.RETAIN",
        test="tests/tfbatch_cdk/test_templates.py::test_prod_keeps_its_buckets_when_the_stack_is_deleted",
    ),
    Fault(
        what="throttled calls come back all at once",
        file=f"{_CDK}/workflow/asl.py",
        text='            "JitterStrategy": "FULL",\n',
        old="",
        test="tests/tfbatch_cdk/test_templates.py::test_every_retry_has_jitter",
    ),
    Fault(
        what="a policy names an action that there isn't",
        file=f"{_CDK}/workflow/state_machine.py",
        text='"sagemaker:StopTransformJob",',
        old='"sagemaker:StopTransformJobs",',
        test="tests/aws/test_policy_linter.py::test_no_statement_has_a_finding",
    ),
)


def put_back(fault: Fault, copy: Path) -> bool:
    """Whether the test fails on the code with the fault, and only then."""
    path = copy / fault.file
    whole = path.read_text("utf-8")
    if whole.count(fault.text) != 1:
        raise LookupError(f"{fault.file} has {fault.text!r} {whole.count(fault.text)} times")
    path.write_text(whole.replace(fault.text, fault.old), "utf-8")
    try:
        return _run(copy, fault.test) == 1
    finally:
        path.write_text(whole, "utf-8")


def _run(copy: Path, test: str) -> int:
    packages = (copy, copy / "stacks", copy / "model_code", copy / "functions")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, packages))}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, check=False)
    return done.returncode


def _copied(target: Path) -> Path:
    """The files of this repository, with its installed packages and its models."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target / name)
    (target / "node_modules").symlink_to(REPOSITORY / "node_modules")
    shutil.copytree(REPOSITORY / "models", target / "models", dirs_exist_ok=True)
    return target


def main() -> None:
    """Say of each fault whether it was found; exit with 1 if one wasn't."""
    with tempfile.TemporaryDirectory(prefix="tfbatch-put-back-") as folder:
        copy = _copied(Path(folder))
        missed = 0
        for fault in FAULTS:
            found = put_back(fault, copy)
            missed += not found
            print(f"{'found ' if found else 'MISSED'}  {fault.what}", flush=True)  # noqa: T201
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
