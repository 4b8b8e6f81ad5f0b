"""The pipelines of GitLab and Bitbucket in the docs: reviewed code never sees the token."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml

from tests.paths import REPOSITORY
from tfbatch.commands.review import review

FOLDER = REPOSITORY / "docs" / "ci"
GITLAB = yaml.safe_load((FOLDER / "gitlab-ci.yml").read_text())
BITBUCKET = yaml.safe_load((FOLDER / "bitbucket-pipelines.yml").read_text())
JOBS: dict[str, list[dict[str, Any]]] = {
    "GitLab": [GITLAB[name] for name in GITLAB["stages"]],
    "Bitbucket": [one["step"] for one in BITBUCKET["pipelines"]["pull-requests"]["**"]],
}
each = pytest.mark.parametrize("platform", JOBS)


@each
def test_only_the_last_job_has_the_environment_with_the_token(platform: str) -> None:
    *others, last = JOBS[platform]
    named = [job.get("environment") or job.get("deployment") for job in (*others, last)]
    assert named[:-1] == [None, None]
    assert "infrastructure-review" in str(named[-1])
    assert "--post" in last["script"][-1]


@each
def test_the_code_of_the_pull_request_runs_in_the_first_job_alone(platform: str) -> None:
    first, *others = JOBS[platform]
    assert "--synthesize" in first["script"][-1]
    for job in others:
        place = next(n for n, line in enumerate(job["script"]) if line.startswith("cd "))
        assert any(
            job["script"][place].removeprefix("cd ") in line for line in job["script"][:place]
        )
        assert all(line.startswith(("git ", "base=$(git ")) for line in job["script"][:place])


@each
def test_a_failed_review_is_posted_too(platform: str) -> None:
    *others, last = JOBS[platform]
    ignored = [job.get("on-fail", {}).get("strategy") == "ignore" for job in others]
    assert last.get("when") == "always" or all(ignored)


@each
def test_the_commands_are_those_of_this_version(platform: str) -> None:
    known = {name for option in review.params for name in option.opts}
    lines = [line for job in JOBS[platform] for line in job["script"] if "tfbatch review" in line]
    assert len(lines) == 3
    for line in lines:
        used = {word for word in shlex.split(line.partition("||")[0]) if word.startswith("--")}
        assert used <= known
        assert all(re.fullmatch(r"--[a-z-]+", word) for word in used)
