"""Makes the recording of JSONata evaluations from the workflow's tests: ``make record-jsonata``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.aws.test_jsonata import RECORDING
from tfbatch_cdk.workflow.expressions import FILE_NOT_READABLE, UNBALANCED
from tfbatch_sandbox.services.stepfunctions.jsonata_evaluator import evaluate

TESTS = (
    *("tests/end_to_end/workflow", "tests/end_to_end/inputs", "tests/tfbatch_cdk/test_claims.py"),
    "tests/tfbatch_cdk/security/test_deployed.py",
)
UNREACHED: dict[str, dict[str, Any]] = {
    FILE_NOT_READABLE.strip(): {
        "states": {
            "input": {"request_file": {"bucket": "photos", "key": "a.request.json"}},
            "errorOutput": {"Error": "S3.S3Exception", "Cause": "Access Denied"},
        }
    },
    UNBALANCED.strip(): {
        "summary": {"inputs": 3, "outputs": 1, "exceptions": 1},
        "request": {"output": "s3://out/a/"},
        "run": {"work": "s3://work/executions/a/"},
    },
    "$trouble": {"trouble": {"error": "KeyError", "cause": "'a'"}},
}
"""Expressions that no test reaches, with variables: what must never happen, and what a person
breaks."""
_MOST = 4
"""Evaluations of an expression that are kept: those whose results are most different."""


def write(raw: Path) -> None:
    """Choose evaluations and write them."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for text in raw.read_text("utf-8").splitlines():
        line = re.sub(r"/tmp/[\w./-]+", "/var/task", text)  # noqa: S108 # in a function's error
        one = json.loads(line)
        shape = _shape(one["value"])
        kept = found[one["expression"]]
        if shape not in kept and len(kept) < _MOST:
            kept[shape] = line
    unreached = [
        json.dumps({"expression": text, "variables": given, "value": evaluate(text, given)})
        for text, given in UNREACHED.items()
    ]
    lines = sorted([*unreached, *(line for kept in found.values() for line in kept.values())])
    RECORDING.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _shape(value: Any) -> str:  # noqa: ANN401 # any JSON
    """What distinguishes a result: scalars of one type are alike in an object."""
    if isinstance(value, dict):
        return json.dumps({name: type(item).__name__ for name, item in sorted(value.items())})
    return type(value).__name__ if isinstance(value, str | list) else json.dumps(value)


def main() -> None:
    """Run the tests, and write what they evaluated."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "raw.jsonl")
        environment = os.environ | {"TFBATCH_JSONATA_RECORD": str(raw)}
        command = [sys.executable, "-m", "pytest", "-q", "--numprocesses", "2", *TESTS]
        subprocess.run(command, check=True, env=environment)
        write(raw)


if __name__ == "__main__":
    main()
