"""The article's commands, by the AWS command line alone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from .conftest import run

if TYPE_CHECKING:
    from .conftest import Account


def test_the_articles_commands_run_unchanged(account: Account) -> None:
    printed = run(account, "sh", Path(__file__).with_name("article.sh"))
    assert "status: Completed" in printed
    for name in ("red", "green", "blue"):
        assert f"{name}.png.out" in printed
    (prediction,) = json.loads(printed.splitlines()[-1])["predictions"]
    assert prediction["classes"] == 0


def test_a_large_file_is_synchronized_in_parts_and_only_once(
    account: Account, tmp_path: Path
) -> None:
    size = 200 << 20
    (tmp_path / "here").mkdir()
    with (tmp_path / "here" / "large").open("wb") as file:
        file.write(b"start")
        file.truncate(size)
    (tmp_path / "here" / "a b+ü.txt").write_text("small")
    there = f"s3://{account.bucket}/sync/"

    def sync(source: str, target: str) -> list[str]:
        ran = subprocess.run(
            ["aws", "s3", "sync", source, target, "--no-progress"],
            env=account.environment,
            capture_output=True,
            text=True,
            timeout=200,
            check=True,
        )
        return ran.stdout.splitlines()

    assert len(sync(str(tmp_path / "here"), there)) == 2
    assert sync(str(tmp_path / "here"), there) == []
    assert len(sync(there, str(tmp_path / "back"))) == 2
    with (tmp_path / "back" / "large").open("rb") as back:
        assert back.read(6) == b"start\0"
        assert back.seek(0, 2) == size
    assert (tmp_path / "back" / "a b+ü.txt").read_text() == "small"
