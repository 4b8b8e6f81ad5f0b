"""Asks SageMaker Model Registry if a model package is approved; ``cdk deploy`` runs it.

Its arguments are the model's name, the ARN of the package, and a file to write. It prints the
file's path, and nothing else.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.models import registry
from tfbatch.terminal.problem import Problem, explained

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> None:
    """Write the answer, or exit with 1 if the package isn't approved or the registry is silent."""
    name, arn, path = arguments
    try:
        with explained():
            artifact = registry.artifact_of(arn)
    except Problem as problem:
        sys.exit(
            f"{name}: {problem.message}. Nothing was deployed. To deploy the model all the same, "
            "set needs_approval=False in its Model."
        )
    answer = {"package": arn, "artifact": artifact, "approved": datetime.now(UTC).isoformat()}
    Path(path).write_text(json.dumps(answer), "utf-8")
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
