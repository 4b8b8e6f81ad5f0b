"""Outputs and manifests that are not what they should be, and keys that are odd."""

from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING, Final

from tests.executions import photo, photos, summary_of
from tests.faults.fault import SHARD, Fault
from tfbatch.records import example, tfrecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.fault import Act
    from tests.faults.run import Run

_RECORDS: Final = 10
_DETECTED: Final = "One more job in the summary, for this input"
_ODD_NAMES: Final = (
    *(f"{sign}{number}.jpg" for number, sign in enumerate(string.punctuation) if sign != "/"),
    *("two  spaces.jpg", "ä ö 写真 😀.jpg", "%41.jpg", "a/b//c.jpg", "a+b&c=d.jpg", "..jpg"),
)


def _file() -> bytes:
    record = tfrecord.frame(example.encode({"image/encoded": photo(1)}))
    return record * _RECORDS


def _spoilt(spoil: Callable[[bytes], bytes]) -> tuple[Act, Act]:
    """Change an output between the job's end and Reconcile."""

    def before(run: Run) -> None:
        waits = {"action": "lambda:InvokeFunction", "about": "Reconcile", "how": "wait"}
        run.deployment.sandbox.faults(requests=[waits | {"seconds": 1}])

    def act(run: Run) -> None:
        run.until_asked()
        run.mark()
        bucket, prefix = run.folder_of("output")
        s3 = run.deployment.client("s3")
        found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        key = run.random.choice([one["Key"] for one in found if one["Key"].endswith(".out")])
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        s3.put_object(Bucket=bucket, Key=key, Body=spoil(body))

    return before, act


def _with_records(run: Run) -> None:
    """Say in each input's metadata how many records it has, as ``tfbatch records`` does."""
    run.notes["records"] = _RECORDS
    for name, body in run.inputs.items():
        run.deployment.client("s3").put_object(
            Bucket=run.deployment.input_bucket,
            Key=f"{run.folder}/{name}",
            Body=body,
            Metadata={"records": str(_RECORDS)},
        )


def _of_records(name: str, spoil: Callable[[bytes], bytes]) -> Fault:
    before, act = _spoilt(spoil)

    def prepare(run: Run) -> None:
        _with_records(run)
        before(run)

    return Fault(
        name=name,
        inputs={f"{number}.tfrecord": _file() for number in range(3)},
        request={"format": "tfrecord"},
        before=prepare,
        act=act,
        seen=_DETECTED,
    )


def _half(body: bytes) -> bytes:
    lines = body.splitlines(keepends=True)
    return b"".join(lines[: len(lines) // 2])


def _one_more(body: bytes) -> bytes:
    return body + body.splitlines(keepends=True)[-1]


def _manifest(names: Callable[[Run], list[str]]) -> Act:
    """Give the run a manifest with these names below its folder."""

    def before(run: Run) -> None:
        bucket = run.deployment.input_bucket
        listed = [{"prefix": f"s3://{bucket}/{run.folder}/"}, *names(run)]
        key = f"lists/{run.folder}.manifest"
        run.deployment.client("s3").put_object(
            Bucket=bucket, Key=key, Body=json.dumps(listed).encode()
        )
        run.fields = {**run.fields, "input": f"s3://{bucket}/{key}"}
        run.notes["keys"] = [f"{run.folder}/{name}" for name in dict.fromkeys(names(run))]
        run.mark()

    return before


def _two_runs(run: Run) -> None:
    """A second run of the same inputs into the same folder, at the same time."""
    run.pause(0.5)
    run.mark()
    run.notes["second"] = run.deployment.start(run.request)


def _both(run: Run) -> None:
    ended = run.deployment.wait(run.notes["second"])
    assert summary_of(ended)["outputs"] == len(run.inputs)


def _same_output(run: Run) -> None:
    bucket = run.deployment.outputs["OutputBucketName"]
    run.fields = {**run.fields, "output": f"s3://{bucket}/{run.folder}/"}


_EMPTY_BEFORE, _EMPTY = _spoilt(lambda _: b"")

FAULTS: Final = (
    Fault(
        name="An output is empty",
        before=_EMPTY_BEFORE,
        act=_EMPTY,
        seen=_DETECTED,
    ),
    _of_records("An output of records is empty", lambda _: b""),
    _of_records("An output has half its lines", _half),
    _of_records("An output has a line too many", _one_more),
    Fault(
        name="Two runs write into one folder",
        before=_same_output,
        act=_two_runs,
        after=_both,
        seen="Two executions that succeed; the folder's summary is of the last",
    ),
    Fault(
        name="A manifest names a key twice",
        before=_manifest(lambda run: [*run.inputs, *list(run.inputs)[:3]]),
        seen="Nothing: it counts once",
    ),
    Fault(
        name="A manifest has 100,000 names",
        before=_manifest(lambda run: list(run.inputs) * (100_000 // SHARD)),
        seen="Nothing: each key counts once",
    ),
    Fault(
        name="A manifest names keys that aren't there",
        before=_manifest(lambda run: [*run.inputs, "gone.jpg", "away/too.jpg"]),
        outcome="failed",
        error="BadManifest",
        lost="the run: nothing was predicted",
        seen="`BadManifest`, with the first key that isn't there",
    ),
    Fault(
        name="A manifest's prefix isn't there",
        before=_manifest(lambda _: [f"none/{number}.jpg" for number in range(3)]),
        outcome="failed",
        error="BadManifest",
        lost="the run: nothing was predicted",
        seen="`BadManifest`, with the first key that isn't there",
    ),
    Fault(
        name="Keys have every printable character",
        inputs=dict(zip(_ODD_NAMES, photos(len(_ODD_NAMES)).values(), strict=True)),
        act=lambda run: run.mark(),
        seen="Nothing: each key has its output",
    ),
)
