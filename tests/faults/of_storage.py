"""S3 that is slow, torn or forgetful, objects that change under a run, and a full disk."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from tests.executions import failing, photo, summary_of
from tests.faults.fault import SHARD, TWO_SHARDS, Fault
from tests.faults.requests import answered, refused

if TYPE_CHECKING:
    from tests.faults.run import Run

_REPEATED: Final = "Nothing: the request is repeated"
_DISK_BYTES: Final = 64 * 1024


def _change_listing(run: Run) -> None:
    """Add and delete objects while the plan lists them, two a page."""
    s3, bucket = run.deployment.client("s3"), run.deployment.input_bucket
    run.mark()
    gone = f"{run.folder}/{SHARD - 1:05d}.jpg"
    run.notes["optional"] = [gone, *(f"{run.folder}/{number}5.jpg" for number in range(6))]
    run.notes["keys"] = [f"{run.folder}/{number:05d}.jpg" for number in range(SHARD - 1)]
    for key in run.notes["optional"][1:]:
        s3.put_object(Bucket=bucket, Key=key, Body=photo(7))
        run.pause(0.05)
    s3.delete_object(Bucket=bucket, Key=gone)


def _late(run: Run) -> None:
    """Let the engine read one input a second later than the others."""
    key = f"{run.folder}/{run.random.choice(list(run.inputs))}"
    late = {"action": "s3:GetObject", "about": key, "how": "wait", "seconds": 1, "times": 9}
    run.notes["late"] = {"Bucket": run.deployment.input_bucket, "Key": key}
    run.deployment.sandbox.faults(requests=[late])


def _delete(run: Run) -> None:
    run.job()
    run.mark()
    run.deployment.client("s3").delete_object(**run.notes["late"])


def _replace(run: Run) -> None:
    run.job()
    run.mark()
    run.deployment.client("s3").put_object(**run.notes["late"], Body=photo(200))


def _claimed_before(run: Run) -> None:
    """A run with the same key that was stopped, so that this one replaces its claim."""
    arn = run.deployment.start(run.request)
    s3, bucket = run.deployment.client("s3"), run.deployment.outputs["WorkBucketName"]
    deadline, is_claimed = time.monotonic() + 60, False
    while not is_claimed and time.monotonic() < deadline:
        time.sleep(0.1)
        with contextlib.suppress(ClientError):  # not there yet
            claim = s3.get_object(Bucket=bucket, Key=f"keys/{run.request['key']}")
            is_claimed = arn.encode() in claim["Body"].read()
    run.stop(arn)
    run.deployment.wait(arn)


def _fill_disk(run: Run) -> None:
    """Put the jobs' folder on a small disk."""
    folder = run.deployment.sandbox.state_dir / "transform-jobs" / run.deployment.sandbox.region
    folder.mkdir(parents=True, exist_ok=True)
    size = f"size={_DISK_BYTES}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)
    run.undo.append(lambda: subprocess.run(["umount", "--lazy", str(folder)], check=True))
    run.mark()


def _again(run: Run) -> None:
    run.heal()
    assert summary_of(run.again())["outputs"] == len(run.inputs)


_FULL_DISK: Final = Fault(
    name="The disk of the jobs is full",
    before=_fill_disk,
    after=_again,
    outcome="accounts",
    lost="`tfbatch retry` predicts the exceptions when there is room",
    seen="Exceptions with InternalServerError, SageMaker's word for it",
)

FAULTS: Final = (
    Fault(
        name="S3 answers 500 to reads of inputs",
        requests=refused("s3:GetObject", "InternalError", status=500, about="{folder}/"),
        seen=_REPEATED,
    ),
    Fault(
        name="S3 answers 503 SlowDown to the plan's listing",
        requests=refused("s3:ListBucket", "SlowDown", status=503),
        seen=_REPEATED,
    ),
    Fault(
        name="S3 answers 503 SlowDown to outputs",
        requests=refused("s3:PutObject", "SlowDown", status=503, about=".out"),
        seen=_REPEATED,
    ),
    Fault(
        name="S3 answers 503 SlowDown to outputs for the length of a job",
        requests=lambda _: failing("s3:PutObject", "SlowDown", status=503, about=".out", times=40),
        seen="One more job in the summary",
    ),
    Fault(
        name="Inputs end in the middle",
        requests=answered("s3:GetObject", "halve", about="{folder}/"),
        seen=_REPEATED,
    ),
    Fault(
        name="A job's manifest ends in the middle",
        requests=answered("s3:GetObject", "halve", about=".manifest"),
        seen=_REPEATED,
    ),
    Fault(
        name="The model's artifact ends in the middle",
        requests=answered("s3:GetObject", "halve", about=".tar.gz", most=1),
        seen=_REPEATED,
    ),
    Fault(
        name="The list of shards ends in the middle",
        inputs=TWO_SHARDS,
        requests=answered("s3:GetObject", "halve", about="/shards.json", most=1),
        seen=_REPEATED,
    ),
    Fault(
        name="Outputs end in the middle when Reconcile reads them",
        requests=answered("s3:GetObject", "halve", about=".out"),
        seen=_REPEATED,
    ),
    Fault(
        name="Results of shards end in the middle when Summarize reads them",
        inputs=TWO_SHARDS,
        requests=answered("s3:GetObject", "halve", about="/results/"),
        seen=_REPEATED,
    ),
    Fault(
        name="Results of shards have a wrong byte when Summarize reads them",
        inputs=TWO_SHARDS,
        requests=answered("s3:GetObject", "change", about="/results/", most=1),
        seen="Nothing: the checksum says so, and the request is repeated",
    ),
    Fault(
        name="S3 gives a wrong ETag of a claimed key",
        request={"key": "retagged"},
        before=_claimed_before,
        requests=answered("s3:GetObject", "retag", about="/keys/", most=1),
        seen="Nothing: the claim is read again",
    ),
    Fault(
        name="The listing changes between its pages",
        requests=answered("s3:ListBucket", "shorten", about="{folder}/", times=99, seconds=0.05),
        act=_change_listing,
        seen="What was there all the time is part of the run; what came or went may be",
    ),
    Fault(
        name="An input is deleted between the plan and the job",
        before=_late,
        act=_delete,
        outcome="accounts",
        lost="the deleted input",
        seen="An exception with S3's words",
    ),
    Fault(
        name="An input is replaced between the plan and the job",
        before=_late,
        act=_replace,
        seen="A prediction of the object that the job read",
    ),
    Fault(
        name="Outputs are written and S3's answers are lost",
        requests=answered("s3:PutObject", "drop", about=".out", most=3),
        seen=_REPEATED,
    ),
    Fault(
        name="Working files are written and S3's answers are lost",
        requests=answered("s3:PutObject", "drop", about="/executions/", most=3),
        seen=_REPEATED,
    ),
    Fault(
        name="A key is claimed and S3's answer is lost",
        request={"key": "dropped"},
        requests=answered("s3:PutObject", "drop", about="/keys/", most=1),
        seen="Nothing: the run sees that the claim is its own",
    ),
    *([_FULL_DISK] if os.geteuid() == 0 else []),
)
"""Only root may mount a small disk."""
