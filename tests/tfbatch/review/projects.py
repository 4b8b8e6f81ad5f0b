"""A small CDK project in a repository of its own, with a branch for each change of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.review import main
from tfbatch.review.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tfbatch.review.review import Review

_APP = """
import json, os, pathlib
folder = pathlib.Path(os.environ["CDK_OUTDIR"])
folder.mkdir(parents=True, exist_ok=True)
resources = {RESOURCES}
template = {"Resources": {name: {"Type": "AWS::DynamoDB::Table"} for name in resources}}
(folder / "data.template.json").write_text(json.dumps(template))
artifact = {
    "type": "aws:cloudformation:stack",
    "environment": "aws://111122223333/eu-west-1",
    "properties": {"templateFile": "data.template.json", "stackName": "data"},
}
(folder / "manifest.json").write_text(json.dumps({"artifacts": {"data": artifact}}))
"""


def plain(*tables: str) -> dict[str, str]:
    """The files of a CDK app that needs no library: one stack of tables."""
    return {
        "app.py": _APP.replace("{RESOURCES}", repr(list(tables))),
        "cdk.json": json.dumps({"app": f"{sys.executable} app.py"}),
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A repository whose first branch is ``base``."""

    path: Path

    @classmethod
    def make(cls, path: Path, files: Mapping[str, str]) -> Project:
        """A project of these files, by path."""
        made = cls(path=path)
        path.mkdir()
        made.git("init", "--quiet", "--initial-branch", "base")
        made.commit("base", files)
        return made

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=A. Reviewer", "-c", "user.email=reviewer@example.com")
        command = ["git", "-C", str(self.path), *identity, *arguments]
        subprocess.run(command, check=True, capture_output=True)

    def commit(self, branch: str, files: Mapping[str, str]) -> None:
        """Change files on a branch, which starts at ``base``, and return to ``base``."""
        if branch != "base":
            self.git("checkout", "--quiet", "-b", branch, "base")
        for name, text in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", branch)
        if branch != "base":
            self.git("checkout", "--quiet", "base")

    def review(self, base: str, head: str) -> Review:
        request = Request(repository=self.path, base=base, head=head)
        return main.make(request, cache=self.path / ".cache")
