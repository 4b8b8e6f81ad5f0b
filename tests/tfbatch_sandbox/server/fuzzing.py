"""Calls the sandbox's API at random: ``python -m tests.tfbatch_sandbox.server.fuzzing``.

Requests are made by botocore's models of the operations, with values that are valid, absurd or
hostile. A fault is a call without an answer within the patience, or an exception of the sandbox's
own code that isn't an answer of AWS. One of moto's code alone isn't counted.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

SERVICES: Final = (
    *("application-autoscaling", "cloudformation", "cloudwatch", "events", "iam", "kms", "lambda"),
    *("logs", "resourcegroupstaggingapi", "s3", "sagemaker", "sagemaker-runtime", "scheduler"),
    *("sns", "stepfunctions", "sts"),
)
HOSTILE: Final = (
    *(
        "",
        " ",
        "..",
        "../../../../etc/passwd",
        "a/../../b",
        "/tmp/x",  # noqa: S108
        "\0",
        "a\nb",
        "%00",
        "%2e%2e/",
    ),
    *("ä" * 300, "x" * 100_000, "😀", "${jndi:x}", "{% $x %}", "{{7*7}}", "*", "arn:aws:", "arn:"),
    *("arn:aws:iam::123456789012:role/none", "s3://", "s3://a/../b", "true", "null", "[]", "{}"),
    *('{"a":' * 200, "[" * 5000, "-1", "1e400", "NaN", "0" * 200, "2026-13-45T99:99:99Z"),
)
_NAMES: Final = ("fuzz-a", "fuzz-b", "fuzz.c", "Fuzz_D")
_PATIENCE_SECONDS: Final = 30
_LIKELY: Final = 0.75
_DEEPEST: Final = 6
_FRAME: Final = re.compile(r'  File "([^"]+)", line \d+, in \S+')
_OURS: Final = "/tfbatch_sandbox/"
_NEVER: Final = re.compile(r"^(Wait|.*Stream|InvokeAsync|SubscribeToShard|StartLiveTail)")


class Fuzzer:
    """Random calls of one sandbox."""

    def __init__(self, sandbox: Sandbox, *, seed: int) -> None:
        self._sandbox = sandbox
        self._chance = random.Random(seed)  # noqa: S311 # it must be repeatable
        self._unanswered: list[str] = []
        self._clients = {name: self._client(name) for name in SERVICES}
        self._log = sandbox.state_dir / "server.log"
        self._read = self._log.stat().st_size if self._log.exists() else 0
        self.calls = 0
        self.answers: Counter[str] = Counter()
        """Calls by what came of them: a status, or why nothing was sent."""

    def _client(self, service: str) -> Any:  # noqa: ANN401 # of any service
        config = Config(
            parameter_validation=False,
            read_timeout=_PATIENCE_SECONDS,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
        )
        return botocore.session.get_session().create_client(
            service,
            region_name="us-east-1",
            endpoint_url=self._sandbox.endpoint_url,
            aws_access_key_id="fuzz",
            aws_secret_access_key="fuzz",  # noqa: S106 # pragma: allowlist secret
            config=config,
        )

    def run(self, *, calls: int = sys.maxsize, seconds: float = 1e9) -> None:
        """Call until there were so many calls, or so much time has passed."""
        end = time.monotonic() + seconds
        while self.calls < calls and time.monotonic() < end:
            self.calls += 1
            self._call()

    def _call(self) -> None:
        service = self._chance.choice(SERVICES)
        client = self._clients[service]
        names = [
            name for name in client.meta.service_model.operation_names if not _NEVER.match(name)
        ]
        operation = client.meta.service_model.operation_model(self._chance.choice(names))
        given = self._value(operation.input_shape, 0) if operation.input_shape else {}
        if isinstance(given, dict):
            given.pop("ContentLength", None)  # the server would wait for the rest of the body
        before = time.monotonic()
        try:
            client._make_api_call(operation.name, given)  # noqa: SLF001 # any, by its name
            self.answers["200"] += 1
        except ClientError as error:
            self.answers[str(error.response["ResponseMetadata"]["HTTPStatusCode"])] += 1
        except BotoCoreError as error:
            self.answers[f"{type(error).__name__}"] += 1
            if time.monotonic() - before > _PATIENCE_SECONDS / 2:
                self._unanswered.append(f"{service} {operation.name}: {error}")
        except Exception:  # noqa: BLE001 # botocore can't send it
            self.answers["not sent"] += 1

    def _value(self, shape: Shape, depth: int) -> Any:  # noqa: ANN401, PLR0911 # one a type
        chance = self._chance
        if chance.random() < 0.03:  # seldom another type
            return chance.choice([None, 7, "text", [], {}, True, [None], {"a": None}])
        match shape.type_name:
            case "structure":
                return self._structure(shape, depth)
            case "list":
                count = chance.choice([0, 1, 1, 2]) if depth < _DEEPEST else 0
                return [self._value(shape.member, depth + 1) for _ in range(count)]  # type: ignore[attr-defined]
            case "map":
                made = self._value(shape.value, depth + 1) if depth < _DEEPEST else "a"  # type: ignore[attr-defined]
                return {chance.choice((*_NAMES, *HOSTILE)): made}
            case "integer" | "long":
                return chance.choice([0, 1, 2, 10, -1, 2**31, 2**63, 10**30])
            case "float" | "double":
                return chance.choice([0.0, 1.5, -1.0, 1e300])
            case "boolean":
                return chance.random() < _LIKELY
            case "timestamp":
                return chance.choice([0, 1_800_000_000, "2026-01-01T00:00:00Z"])
            case "blob":
                return chance.choice([b"", b"{}", b"x" * 1000, bytes(range(256)), io.BytesIO(b"a")])
            case _:
                return self._text(shape)

    def _structure(self, shape: Shape, depth: int) -> dict[str, Any]:
        required = set(getattr(shape, "required_members", ()))
        return {
            name: self._value(member, depth + 1)
            for name, member in shape.members.items()  # type: ignore[attr-defined]
            if (name in required and self._chance.random() < 0.97)
            or (depth < _DEEPEST and self._chance.random() < 0.25)
        }

    def _text(self, shape: Shape) -> str:
        chance = self._chance
        if chance.random() < 1 - _LIKELY:
            return chance.choice(HOSTILE)
        options = getattr(shape, "enum", None) or (
            "arn:aws:iam::123456789012:role/fuzz" if "Arn" in shape.name else chance.choice(_NAMES),
        )
        return str(chance.choice(list(options)))

    def faults(self) -> list[str]:
        """What went wrong so far: unanswered calls, and exceptions of the sandbox's own code."""
        with self._log.open(errors="replace") as file:
            file.seek(self._read)
            return [*self._unanswered, *_exceptions(file.read())]


def _exceptions(log: str) -> Iterator[str]:
    """The tracebacks whose innermost frame of moto's or the sandbox's code is the sandbox's."""
    for traceback in log.split("Traceback (most recent call last):")[1:]:
        frames = [path for path in _FRAME.findall(traceback) if "/moto/" in path or _OURS in path]
        if frames and _OURS in frames[-1]:
            yield f"{traceback.strip()[-1500:]}"


def main() -> None:
    """Fuzz for a while, and exit with 1 if there was a fault."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}", flush=True)  # noqa: T201
    with (
        tempfile.TemporaryDirectory(prefix="tfbatch-fuzz-") as folder,
        Sandbox.start(state_dir=Path(folder)) as sandbox,
    ):
        fuzzer = Fuzzer(sandbox, seed=chosen.seed)
        fuzzer.run(seconds=chosen.seconds)
        found = fuzzer.faults()
    counts = ", ".join(f"{number} {what}" for what, number in sorted(fuzzer.answers.items()))
    print(f"{fuzzer.calls} calls: {counts}; {len(found)} faults", *found, sep="\n\n")  # noqa: T201
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
