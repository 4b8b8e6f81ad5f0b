"""The article's commands, by the AWS command line alone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Account


def test_the_articles_commands_run_unchanged(account: Account) -> None:
    script = Path(__file__).with_name("article.sh")
    ran = subprocess.run(
        ["sh", str(script), account.bucket, account.role_arn, str(account.artifact)],
        env=account.environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "status: Completed" in ran.stdout
    for name in ("red", "green", "blue"):
        assert f"{name}.png.out" in ran.stdout
    (prediction,) = json.loads(ran.stdout.splitlines()[-1])["predictions"]
    assert prediction["classes"] == 0
