"""The real handlers, as Lambda calls them, against the S3 of a sandbox."""

from __future__ import annotations

import copy
import hashlib
import json
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tfbatch_cdk.model import tarball
from tfbatch_functions.accounting.job_logs import GROUP
from tfbatch_functions.handlers import plan, reconcile, summarize
from tfbatch_functions.s3.storage import storage
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_s3 import S3Client

Event = dict[str, Any]

NOW = "2026-11-22T10:00:00.250Z"
RUN_STARTED = "2020-01-01T00:00:00Z"
JOB: Event = {
    "name": "tfbatch-night-1",
    "status": "Completed",
    "reason": None,
    "startedAt": "2026-11-22T10:04:00Z",
    "endedAt": "2026-11-22T10:14:00Z",
    "instanceType": "ml.g5.xlarge",
    "instances": 2,
}
HOSTILE = (
    "a b/c d.jpg",
    "100%/50%25.jpg",
    "plus+plus/x+y.jpg",
    "ünïcødé/写真 🐈.jpg",
    "quote\"'\\back.jpg",
    "{$.key}{% $x %}/$(id);`ls`.jpg",
    "tab\there.jpg",
    "dots/../up.jpg",
    "//double//slash.jpg",
    "?query=1&b=2#hash.jpg",
    "<b>&amp;.jpg",
    "x" * 900 + ".jpg",
)
"""Keys that break what quotes, splits or interpolates them."""


class Context:
    """Lambda's, with as much time as a test gives it: a number for each time it is asked."""

    def __init__(self, *milliseconds: int) -> None:
        self._left = list(milliseconds)

    def get_remaining_time_in_millis(self) -> int:
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


ARTIFACT = "assets/model.tar.gz"


def written(contents: bytes) -> bytes:
    """An archive as a synthesis writes it."""
    with tempfile.TemporaryDirectory() as folder:
        member = Path(folder, "saved_model.pb")
        member.write_bytes(contents)
        tarball.write(Path(folder, "model.tar.gz"), {"1/saved_model.pb": member})
        return Path(folder, "model.tar.gz").read_bytes()


CONTENTS = b"the model, as it was reviewed"
MODEL = written(CONTENTS)
DIGEST = hashlib.sha256(
    f"1/saved_model.pb\0{hashlib.sha256(CONTENTS).hexdigest()}\n".encode()
).hexdigest()


AMPLE = Context(900_000)
SCARCE = Context(0)


@dataclass(kw_only=True)
class World:
    """Three buckets, and a run from one to the other."""

    s3: S3Client
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    split: str = "None"
    separator: str = ""
    calls: int = 0

    def __post_init__(self) -> None:
        for bucket in (self.input, self.output, self.work):
            self.s3.create_bucket(Bucket=bucket)
        self.s3.put_object(Bucket=self.work, Key=ARTIFACT, Body=MODEL)

    @property
    def input(self) -> str:
        return f"{self.name}-in"

    @property
    def output(self) -> str:
        return f"{self.name}-out"

    @property
    def work(self) -> str:
        return f"{self.name}-work"

    @property
    def run(self) -> Event:
        return {
            "execution": "night",
            "input": f"s3://{self.input}/photos/",
            "output": f"s3://{self.output}/night/",
            "work": f"s3://{self.work}/executions/night/",
            "model": "resnet50",
            "format": "jpeg",
            "splitType": self.split,
            "separator": self.separator or self.split,
            "started": RUN_STARTED,
        }

    def upload(self, objects: Mapping[str, bytes], **metadata: str) -> None:
        for name, body in objects.items():
            self.s3.put_object(
                Bucket=self.input, Key=f"photos/{name}", Body=body, Metadata=metadata
            )

    def answer(self, outputs: Mapping[str, bytes], *, folder: str = "night/") -> None:
        for name, body in outputs.items():
            self.s3.put_object(Bucket=self.output, Key=f"{folder}{name}.out", Body=body)

    def read(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def json(self, uri: str) -> Any:  # noqa: ANN401 # any JSON
        return json.loads(self.read(uri))

    def lines(self, uri: str) -> list[Any]:
        return [json.loads(line) for line in self.read(uri).decode().split("\n") if line]

    def at_work(self, path: str) -> str:
        return f"s3://{self.work}/executions/night/{path}"

    def keys(self, bucket: str) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [one["Key"] for page in pages for one in page.get("Contents", ())]

    def plan(self, context: Context = AMPLE, **changes: Any) -> Event:  # noqa: ANN401
        """Call until done, as the state machine does, and return the plan."""
        event = plan_event(self.run, **changes)
        found: Event = self._until_done(plan.handler, event, context)["plan"]
        return found

    def shards(self) -> list[Event]:
        found: list[Event] = self.json(self.at_work("shards.json"))
        return found

    def reconcile(  # noqa: PLR0913 # an event's fields
        self,
        context: Context = AMPLE,
        *,
        shard: int = 0,
        number: int = 1,
        manifest: str | None = None,
        final: bool = False,
        run: Event | None = None,
        tries: Sequence[Event] = (),
        **job: Any,  # noqa: ANN401
    ) -> Event:
        element = self.shards()[shard]
        event = {
            "run": run or self.run,
            "shard": element,
            "round": number,
            "manifest": manifest or element["manifest"],
            "job": JOB | job,
            "tries": list(tries),
            "final": final,
            "cursor": None,
        }
        return self._until_done(reconcile.handler, event, context)

    def summarize(self, planned: Event, **changes: Any) -> Event:  # noqa: ANN401
        event = {
            "run": self.run,
            "plan": planned,
            "stage": "dev",
            "usdPerHour": {"ml.g5.xlarge": 1.2},
            "pricesOf": "2026-11-01",
            "maxExceptions": None,
        }
        return summarize.handler(_through_json(event | changes), AMPLE)

    def _until_done(self, handler: Any, event: Event, context: Context) -> Event:  # noqa: ANN401
        for self.calls in range(1, 1000):
            reply: Event = _through_json(handler(_through_json(event), context))
            if reply["done"]:
                return reply
            event = event | {"cursor": reply["cursor"]}
        raise AssertionError("never done")


def plan_event(run: Event, /, **changes: Any) -> Event:  # noqa: ANN401
    """The event of an ordinary run; ``limits`` and ``fleet`` are changed field by field."""
    limits = {
        "objectsPerShard": 1000,
        "bytesPerShard": 10**9,
        "maxPayloadInMB": 6,
        "maxConcurrentTransforms": 16,
    }
    fleet = {
        "instanceType": "ml.g5.xlarge",
        "instances": None,
        "maxInstances": 4,
        "usdPerHour": 1.2,
        "pricesOf": "2026-11-01",
        "recordsPerSecond": 100.0,
        "startMinutes": 4.0,
        "maxConcurrency": 2,
    }
    changes = copy.deepcopy(changes)
    return {
        "run": run | changes.pop("run", {}),
        "limits": limits | changes.pop("limits", {}),
        "fleet": fleet | changes.pop("fleet", {}),
        "artifact": {
            "uri": f"s3://{run['work'].split('/')[2]}/{ARTIFACT}",
            "digest": DIGEST,
        },
        "deadlineMinutes": None,
        "budgetUsd": None,
        "cursor": None,
    } | changes


def _through_json(event: Any) -> Any:  # noqa: ANN401 # as Step Functions hands it over
    return json.loads(json.dumps(event))


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Client]:
    """The functions' own client, told by the environment where S3 is, as in Lambda."""
    state = tmp_path_factory.mktemp("functions")
    with Sandbox.start(state_dir=state) as sandbox, pytest.MonkeyPatch.context() as environment:
        for name, value in sandbox.environment.items():
            environment.setenv(name, value)
        storage.cache_clear()
        yield storage().client
        storage.cache_clear()


@pytest.fixture
def logs(s3: S3Client) -> Iterator[Any]:
    """CloudWatch Logs with the log group of transform jobs."""
    client: Any = boto3.client("logs", endpoint_url=s3.meta.endpoint_url)
    client.create_log_group(logGroupName=GROUP)
    yield client
    client.delete_log_group(logGroupName=GROUP)


@pytest.fixture
def world(s3: S3Client) -> World:
    return World(s3=s3)
