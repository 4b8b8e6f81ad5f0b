"""A KMS key whose policy denies its use, and a clock that is wrong."""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tests.executions import summary_of
from tests.faults.fault import Fault
from tests.faults.requests import refused
from tests.paths import REPOSITORY
from tfbatch_cdk.workflow import fields

if TYPE_CHECKING:
    from tests.faults.run import Run

_CLOCK: Final = REPOSITORY / "tests" / "faults" / "shifted_clock"
_SHIFTS: Final = (-240, 240)
"""Seconds. AWS refuses signatures that differ by more than five minutes."""
_PATIENCE_SECONDS: Final = 60.0
_ENDED: Final = frozenset({"Completed", "Failed", "Stopped"})


def _deny(run: Run, *roles: str) -> None:
    """Deny roles to encrypt with the stage's key, by its key policy, until the run heals."""
    kms, bucket = run.deployment.client("kms"), run.deployment.outputs["OutputBucketName"]
    found = run.deployment.client("s3").get_bucket_encryption(Bucket=bucket)
    (rule,) = found["ServerSideEncryptionConfiguration"]["Rules"]
    key = {"KeyId": rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]}
    before = kms.get_key_policy(**key, PolicyName="default")["Policy"]
    policy = json.loads(before)
    denial = {
        "Effect": "Deny",
        "Principal": {"AWS": list(roles)},
        "Action": "kms:GenerateDataKey",
        "Resource": "*",
    }
    denied = policy | {"Statement": [*policy["Statement"], denial]}
    put = partial(kms.put_key_policy, **key, PolicyName="default")
    run.undo.append(partial(put, Policy=before))
    put(Policy=json.dumps(denied))
    run.mark()


def _deny_jobs(run: Run) -> None:
    sagemaker = run.deployment.client("sagemaker")
    models = [one["ModelName"] for one in sagemaker.list_models()["Models"]]
    described = [sagemaker.describe_model(ModelName=name) for name in models]
    _deny(run, *sorted({one["ExecutionRoleArn"] for one in described}))


def _until_a_job_ended(run: Run) -> None:
    """Allow it again when a job has ended."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if _ENDED & {job["TransformJobStatus"] for job in run.deployment.jobs(run.arn)}:
            break
        time.sleep(0.1)
    run.heal()


def _deny_workflow(run: Run) -> None:
    sfn, machine = run.deployment.client("stepfunctions"), run.deployment.outputs["StateMachineArn"]
    _deny(run, sfn.describe_state_machine(stateMachineArn=machine)["roleArn"])


def _says_kms(run: Run) -> None:
    assert "kms:GenerateDataKey" in run.ended["cause"], run.ended["cause"]


def _has_one_more_job(run: Run) -> None:
    assert summary_of(run.ended)["jobs"] == 2, run.ended  # of one shard


def _runs_again(run: Run) -> None:
    assert summary_of(run.ended)["exceptions"] == len(run.inputs), run.ended
    run.heal()
    assert summary_of(run.again())["outputs"] == len(run.inputs)


def _watch(run: Run) -> None:
    """``tfbatch list`` and ``tfbatch watch`` on a machine whose clock is wrong."""
    clock = {"PYTHONPATH": str(_CLOCK), "TFBATCH_FAULTS_CLOCK": str(run.random.choice(_SHIFTS))}
    run.mark()
    for command in (("list",), ("watch", run.arn)):
        told = run.deployment.run(sys.executable, "-m", "tfbatch", *command, "--json", **clock)
        found = [one for line in told.splitlines() for one in _rows(json.loads(line))]
        assert all(one["seconds"] >= 0 for one in found), told
    assert found[-1]["status"] == "SUCCEEDED", told


def _rows(found: Any) -> list[dict[str, Any]]:  # noqa: ANN401 # a list, or a moment of a run
    return found if isinstance(found, list) else [found]


FAULTS: Final = (
    Fault(
        name="The key's policy denies the jobs to write outputs, until the first one failed",
        before=_deny_jobs,
        act=_until_a_job_ended,
        after=_has_one_more_job,
        seen="One more job in the summary",
    ),
    Fault(
        name="The key's policy denies the jobs to write outputs",
        before=_deny_jobs,
        after=_runs_again,
        outcome="accounts",
        lost="`tfbatch retry` predicts the exceptions when the policy allows it",
        seen="Exceptions with S3's words",
    ),
    Fault(
        name="The key's policy denies the workflow to encrypt the notification",
        before=_deny_workflow,
        after=_says_kms,
        outcome="failed",
        error=fields.NOT_NOTIFIED,
        seen="`NotNotified`: the cause says that all results are there, and what KMS said",
    ),
    Fault(
        name="The clock of a person's machine is four minutes wrong",
        act=_watch,
        seen="Nothing but wrong times: `tfbatch watch` follows the run to its end",
    ),
    Fault(
        name="A clock is wrong, and S3 refuses the signature (its answer; no clock is changed)",
        requests=refused("s3:PutObject", "RequestTimeTooSkewed", status=403, about=".out"),
        seen="One more job in the summary",
    ),
)
