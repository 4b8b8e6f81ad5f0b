"""What must hold after every fault: exact accounts, and nothing left over."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from tests.faults import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.faults.run import Outcome, Run

_PATIENCE_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.3
_KEPT: Final = ("function", "JavaScript function", "fork server")
"""Programs that a sandbox keeps for the next call."""


def check(run: Run, outcome: Outcome, error: str = "") -> None:
    """Check a run that has ended.

    Args:
        run: the run.
        outcome: how it must have ended.
        error: how the error of a failed run begins.

    Raises:
        AssertionError: says what doesn't hold.
    """
    status = run.ended["status"]
    told = (status, run.ended.get("error"), run.ended.get("cause"))
    if outcome in {"outputs", "accounts"}:
        assert status == "SUCCEEDED", told
        check_accounts(run, all_outputs=outcome == "outputs")
    elif outcome == "failed":
        assert status == "FAILED", told
        assert str(run.ended.get("error", "")).startswith(error), told
        assert run.ended.get("cause"), "a run that fails says why"
    else:
        assert status == "ABORTED", told
    check_leftovers(run)


def check_accounts(run: Run, *, all_outputs: bool) -> None:
    """Every record of every input has exactly one prediction or one reason."""
    result = json.loads(run.ended["output"])
    summary, found = result["summary"], run.deployment.read(result["output"])
    lines = {
        name: [json.loads(line) for line in found.get(name, b"").splitlines()]
        for name in ("predictions.manifest.jsonl", "exceptions.jsonl")
    }
    predicted = [one["input"] for one in lines["predictions.manifest.jsonl"]]
    failed = [one["key"] for one in lines["exceptions.jsonl"] if one.get("record") is None]
    prefix = f"s3://{run.deployment.input_bucket}/"
    keys = [uri.removeprefix(prefix) for uri in predicted] + failed
    wanted = run.notes.get("keys", [f"{run.folder}/{name}" for name in run.inputs])
    kept = [key for key in keys if key not in run.notes.get("optional", ())]
    assert len(keys) == len(set(keys)), "an input twice"
    assert sorted(kept) == sorted(wanted), "each input once, as a prediction or as an exception"
    assert summary["outputs"] == len(predicted)
    assert summary["exceptions"] == len(failed)
    assert all(one["reason"] for one in lines["exceptions.jsonl"]), "an exception without a reason"
    for one in lines["predictions.manifest.jsonl"]:
        body = found[one["output"].removeprefix(result["output"])]
        records = run.notes.get("records", 1)
        assert body.count(b"\n") == one["records"] == records, f"{one}: {body!r}"
    if all_outputs:
        assert not failed, lines["exceptions.jsonl"]
    marker = "_EXCEPTIONS" if lines["exceptions.jsonl"] else "_SUCCESS"
    assert marker in found, sorted(found)


def check_leftovers(run: Run) -> None:
    """No execution, job or process stays, and nothing on disk or in a bucket."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (left := leftovers(run) - run.known) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    assert not left, f"these stay: {sorted(left)}"


def leftovers(run: Run) -> set[str]:
    """Whatever would be too much after the end of a run."""
    return {f"{what} {one}" for what, look in _LEFTOVERS.items() for one in look(run)}


def _executions(run: Run) -> Iterator[str]:
    sfn = run.deployment.client("stepfunctions")
    for machine in sfn.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        for one in sfn.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]:
            yield one["executionArn"]


def _jobs(run: Run) -> Iterator[str]:
    sagemaker = run.deployment.client("sagemaker")
    for status in ("InProgress", "Stopping"):
        for one in sagemaker.list_transform_jobs(StatusEquals=status)["TransformJobSummaries"]:
            yield one["TransformJobName"]


def _processes(run: Run) -> Iterator[str]:
    sandbox = run.deployment.sandbox
    kept = {one.pid for program in _KEPT for one in processes.find(sandbox, program)}
    kept |= {child for pid in kept for child in processes.children(pid)}
    for one in processes.of_sandbox(sandbox):
        if one.pid not in kept | {sandbox.process.pid}:
            yield f"{one.pid} {processes.words(one)}"


def _files(run: Run) -> Iterator[str]:
    sandbox = run.deployment.sandbox
    yield from map(str, sandbox.state_dir.glob("transform-jobs/*/*/instances"))
    for path in sandbox.temporary.iterdir():
        if not (path / "fork").exists():  # of the fork server
            yield str(path)


def _uploads(run: Run) -> Iterator[str]:
    s3 = run.deployment.client("s3")
    for name in ("InputBucketName", "OutputBucketName", "WorkBucketName"):
        bucket = run.deployment.outputs.get(name)
        if bucket:
            found = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
            yield from (f"{bucket}/{one['Key']}" for one in found)


_LEFTOVERS: Final[dict[str, Callable[[Any], Iterator[str]]]] = {
    "execution": _executions,
    "job": _jobs,
    "process": _processes,
    "file": _files,
    "upload": _uploads,
}
