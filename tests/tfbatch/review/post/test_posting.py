"""One program posts a review on GitHub, GitLab and Bitbucket, and nobody can speak in its name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch.review.post.platforms import (
    SHA,
    TOKEN,
    Bitbucket,
    GitHub,
    GitLab,
    Platform,
    served,
)
from tfbatch.review.post.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = {
    "event": "pull_request",
    "head_sha": SHA,
    "head_branch": "topic",
    "head_repository": {"owner": {"login": "someone"}},
    "html_url": "https://github.example/run/1",
}
LABELED = {"pull_request": {"head": {"sha": SHA}}, "sender": {"login": "owner"}}
LINE = {"artifactLocation": {"uri": "stacks/data_stack.py"}, "region": {"startLine": 12}}
RESULT = {
    "ruleId": "bucket-public",
    "level": "error",
    "message": {"text": "Bucket Storage/Output may be made public"},
    "locations": [{"physicalLocation": LINE}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A review of something destructive."""
    made = tmp_path / "review"
    made.mkdir()
    return write(made, code=4, text="Thanks @everyone\n/merge")


def write(folder: Path, *, code: int, text: str = "Second thoughts") -> Path:
    for name in ("review.md", "review.bitbucket.md"):
        (folder / name).write_text(text)
    (folder / "review.json").write_text(json.dumps({"exit_code": code}))
    (folder / "review.sarif").write_text(json.dumps({"runs": [{"results": [RESULT]}]}))
    return folder


class Job:
    """A CI job that posts."""

    def __init__(self, platform: Platform, tmp_path: Path) -> None:
        self.platform, self.event = platform, tmp_path / "event.json"
        self.token = TOKEN

    def variables(self) -> dict[str, str]:
        url, token = self.platform.url, self.token
        match self.platform:
            case GitHub():
                return {
                    "GITHUB_ACTIONS": "true",
                    "GITHUB_API_URL": url,
                    "GITHUB_REPOSITORY": "o/r",
                    "GITHUB_EVENT_PATH": str(self.event),
                    "GITHUB_TOKEN": token,
                }
            case GitLab():
                return {
                    "GITLAB_CI": "true",
                    "CI_API_V4_URL": url,
                    "CI_PROJECT_ID": "1",
                    "CI_MERGE_REQUEST_IID": "7",
                    "CI_COMMIT_SHA": "e" * 40,  # of merged results
                    "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": SHA,
                    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
                    "CI_PIPELINE_URL": "https://gitlab.example/pipelines/1",
                    "INFRA_REVIEW_TOKEN": token,
                }
            case _:
                return {
                    "BITBUCKET_BUILD_NUMBER": "3",
                    "BITBUCKET_API_URL": url,
                    "BITBUCKET_REPO_FULL_NAME": "o/r",
                    "BITBUCKET_PR_ID": "7",
                    "BITBUCKET_COMMIT": SHA,
                    "BITBUCKET_PR_DESTINATION_BRANCH": "main",
                    "INFRA_REVIEW_TOKEN": token,
                }

    def run(self, argument: Path | str, **event: object) -> int:
        self.event.write_text(json.dumps(event or {"workflow_run": RUN}))
        return main([str(argument)], self.variables())

    def texts(self) -> list[str]:
        """The comments of the pull request, in their order."""
        match self.platform:
            case GitHub() as platform:
                return [one["body"] for one in platform.comments]
            case GitLab() as platform:
                return [one["notes"][0]["body"] for one in platform.threads]
            case platform:
                assert isinstance(platform, Bitbucket)
                return [one["content"]["raw"] for one in platform.comments]


@pytest.fixture(params=[GitHub, GitLab, Bitbucket])
def job(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Job]:
    platform = request.param()
    with served(platform):
        yield Job(platform, tmp_path)


def test_one_comment_is_posted_and_then_updated_in_place(job: Job, folder: Path) -> None:
    before = job.texts()
    job.run(folder)
    job.run(write(folder, code=0))
    *others, mine = job.texts()
    assert others == before  # not those of someone who imitates the review
    assert "Second thoughts" in mine.splitlines()[1:3]
    assert SHA[:12] in mine.splitlines()[-1]


def test_the_comment_mentions_nobody_starts_nothing_and_fits(job: Job, folder: Path) -> None:
    job.run(folder)
    lines = job.texts()[-1].splitlines()
    assert not any("@everyone" in line for line in lines)
    assert not any(line.lstrip().startswith("/") for line in lines)
    job.run(write(folder, code=0, text="x" * 2_000_000))
    assert len(job.texts()[-1]) <= job.platform.limit


def test_a_review_that_failed_replaces_an_older_one(job: Job, folder: Path) -> None:
    assert job.run(write(folder, code=0)) == 0
    code = job.run(folder / "nothing")
    assert "The review failed" in job.texts()[-1]
    if isinstance(job.platform, GitHub):
        assert [one["state"] for one in job.platform.statuses] == ["failure", "success"]
        job.run("--accept", action="labeled", **LABELED)
        assert job.platform.statuses[0]["state"] == "failure"
    else:
        assert code == 1


def test_a_busy_platform_is_asked_again(job: Job, folder: Path) -> None:
    job.platform.failures = [429, 503]
    job.run(write(folder, code=0))
    assert "Second thoughts" in job.texts()[-1]


def test_what_creates_something_is_not_repeated_when_it_may_have_worked(
    job: Job, folder: Path
) -> None:
    job.platform.broken = "POST"
    with pytest.raises(SystemExit, match="ended with 502"):
        job.run(folder)
    assert sum(one.startswith("POST") for one in job.platform.requests) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_names_the_request_and_the_remedy(job: Job, folder: Path, status: int) -> None:
    job.platform.failures = [status]
    with pytest.raises(SystemExit, match=rf"GET /.* ended with {status}\. .*token"):
        job.run(folder)


def test_a_wrong_token_is_told_and_not_shown(job: Job, folder: Path) -> None:
    job.token = "hush-hush"  # noqa: S105 # of no platform
    with pytest.raises(SystemExit, match="401") as ended:
        job.run(folder)
    assert "hush" not in str(ended.value)


@pytest.mark.parametrize("text", ["", "{}", '{"exit_code": 7}', '{"exit_code": "0"}', "[]", "null"])
def test_a_verdict_that_makes_no_sense_counts_as_destructive(
    job: Job, folder: Path, text: str
) -> None:
    (folder / "review.json").write_text(text)
    code = job.run(folder)
    if isinstance(job.platform, GitHub):
        assert job.platform.statuses[0]["state"] == "failure"
    else:
        assert code == 1


def test_outside_of_a_known_job_the_remedy_is_said() -> None:
    with pytest.raises(SystemExit, match="This is no CI job that is known"):
        main(["review"], {})
    with pytest.raises(SystemExit, match="'CI_MERGE_REQUEST_IID' is missing"):
        main(["review"], {"GITLAB_CI": "1", "CI_API_V4_URL": "x", "INFRA_REVIEW_TOKEN": "x"})


@pytest.fixture
def github(tmp_path: Path) -> Iterator[tuple[Job, GitHub]]:
    with served(platform := GitHub()):
        yield Job(platform, tmp_path), platform


def test_on_github_each_push_that_is_destructive_asks_for_the_label_anew(
    github: tuple[Job, GitHub], folder: Path
) -> None:
    job, platform = github
    job.run(folder)
    assert platform.labels == []
    assert platform.statuses[0]["state"] == "failure"
    job.run("--accept", action="labeled", **LABELED)
    assert platform.statuses[0]["description"] == "Destructive, accepted by owner"
    assert platform.statuses[0]["state"] == "success"
    job.run("--accept", action="unlabeled", **LABELED)
    assert platform.statuses[0]["state"] == "failure"


def test_on_github_findings_are_annotated_at_their_lines(
    github: tuple[Job, GitHub], folder: Path
) -> None:
    job, platform = github
    job.run(folder)
    (check,) = platform.checks
    (annotation,) = check["output"]["annotations"]
    assert (annotation["path"], annotation["start_line"]) == ("stacks/data_stack.py", 12)
    assert annotation["annotation_level"] == "failure"


def test_on_github_the_label_of_the_pull_request_accepts_in_a_merge_queue(
    github: tuple[Job, GitHub], folder: Path
) -> None:
    job, platform = github
    queued = {"event": "merge_group", "head_branch": "gh-readonly-queue/main/pr-7-abc"}
    job.run(folder, workflow_run=RUN | queued)
    assert platform.statuses[0]["state"] == "success"
    platform.labels.clear()
    job.run(folder, workflow_run=RUN | queued)
    assert platform.statuses[0]["state"] == "failure"
    assert len(platform.comments) == 3


def test_on_github_the_base_is_where_the_head_left_it(
    github: tuple[Job, GitHub], capsys: pytest.CaptureFixture[str]
) -> None:
    job, _ = github
    job.run("--base")
    assert capsys.readouterr().out == "d" * 40 + "\n"


def test_a_review_of_another_commit_is_not_posted(job: Job, folder: Path) -> None:
    before = job.texts()
    if isinstance(job.platform, GitHub):
        job.run(folder, workflow_run=RUN | {"head_sha": "f" * 40})
        assert job.platform.statuses == []
    elif isinstance(job.platform, GitLab):
        job.platform.request["sha"] = "f" * 40
        assert job.run(folder) == 0
    else:
        job.variables = lambda: Job.variables(job) | {"BITBUCKET_COMMIT": "f" * 40}  # type: ignore[method-assign]
        assert job.run(folder) == 0
    assert job.texts() == before


@pytest.fixture(params=[GitLab, Bitbucket])
def gated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Job]:
    """Where a person accepts by resolving something."""
    platform = request.param()
    with served(platform):
        yield Job(platform, tmp_path)


def resolve(job: Job) -> None:
    if isinstance(job.platform, GitLab):
        job.platform.resolve({"id": 8, "username": "owner"})
    else:
        assert isinstance(job.platform, Bitbucket)
        job.platform.resolve("owner")


def test_a_person_accepts_one_destructive_review_and_no_later_one(
    gated: Job, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gated.run(folder) == 1
    assert gated.run(folder) == 1  # run again without an acceptance
    resolve(gated)
    assert gated.run(folder) == 0
    assert "accepted by owner" in capsys.readouterr().out
    assert gated.run(write(folder, code=4, text="It deletes more")) == 1
    assert gated.run(write(folder, code=3)) == 0


def test_a_harmless_review_leaves_nothing_to_resolve(gated: Job, folder: Path) -> None:
    gated.run(folder)
    gated.run(write(folder, code=0))
    if isinstance(gated.platform, GitLab):
        assert gated.platform.threads[-1]["notes"][0]["resolved"]
        assert gated.run(write(folder, code=4)) == 1  # its own resolution accepts nothing
    else:
        assert isinstance(gated.platform, Bitbucket)
        assert [one["content"]["raw"] for one in gated.platform.tasks] == ["Typo"]


def test_a_retargeted_pull_request_needs_a_new_pipeline(gated: Job, folder: Path) -> None:
    if isinstance(gated.platform, GitLab):
        gated.platform.request["target_branch"] = "production"
    else:
        assert isinstance(gated.platform, Bitbucket)
        gated.platform.target = "production"
    assert gated.run(write(folder, code=0)) == 1
    assert "it now goes into production" in gated.texts()[-1]
