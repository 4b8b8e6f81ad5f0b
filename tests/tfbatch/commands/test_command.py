"""``tfbatch`` on a deployed stage: what a person does all day."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from tests.executions import photo
from tests.paths import REPOSITORY
from tfbatch.aws import session
from tfbatch.cli import cli
from tfbatch.terminal import exit_codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from tests.deployment import Deployment

BAD = "07.jpg"
PHOTOS = 12


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def environment(deployment: Deployment) -> dict[str, str]:
    return deployment.sandbox.environment


@pytest.fixture(scope="module")
def tfbatch(environment: dict[str, str]) -> Callable[..., Result]:
    """Run a command as in a terminal with the export lines, in this process."""

    def call(*arguments: str) -> Result:
        session.forget()
        return CliRunner().invoke(cli, arguments, env=environment)

    return call


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve photographs, one of which is none, and one in a folder below."""
    folder = tmp_path_factory.mktemp("pictures") / "photos"
    (folder / "below").mkdir(parents=True)
    (folder / ".hidden").write_text("not data")
    for number in range(PHOTOS):
        (folder / f"{number:02}.jpg").write_bytes(photo(number))
    (folder / BAD).write_text("this is no image")
    (folder / "00.jpg").rename(folder / "below" / "00.jpg")
    return folder


@pytest.fixture(scope="module")
def finished(tfbatch: Callable[..., Result], photos: Path) -> list[dict[str, Any]]:
    """What ``run --wait --json`` says, moment by moment."""
    ran = tfbatch("run", str(photos), "--model", "tiny", "--wait", "--json", "--budget", "5")
    assert ran.exit_code == exit_codes.ATTENTION, ran.output
    return _lines(ran.stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["run", "s3://{input}/nothing/"], 1, "nothing lies there"),
        (["run", "no-such-folder"], 1, "no such file or folder"),
        (["run", "s3://{input}/a/", "s3://{input}/b/"], 1, "start a run for each"),
        (
            ["run", "s3://{input}/left/", "--format", "jpeg", "--model", "vector"],
            1,
            "format = 'jpeg' does not fit the model 'vector'",
        ),
        (["run", "s3://{input}/left/", "--format", "png"], 1, "stage dev has jpeg, tfrecord"),
        (["run", "s3://{input}/left/", "--model", "nope"], 1, "use one of efficientnet-lite0"),
        (["run", "s3://{input}/left/", "--budget", "0.001"], 1, "BudgetExceeded"),
        (["run", "s3://{input}/left/", "--instances", "0"], 2, "not in the range"),
        (["show", "nobody"], 1, "'tfbatch list' shows those there are"),
        (["list", "--stage", "prod"], 1, "cdk deploy --all -c stage=prod"),
        (["list", "--profile", "nobody"], 1, "aws configure list-profiles"),
    ],
)
def test_what_can_not_be_is_one_line_with_the_remedy(
    deployment: Deployment,
    tfbatch: Callable[..., Result],
    arguments: list[str],
    code: int,
    says: str,
) -> None:
    deployment.upload("left", {"one.jpg": photo(1)})
    filled = [one.replace("{input}", deployment.input_bucket) for one in arguments]
    ended = tfbatch(*filled)
    assert ended.exit_code == code, ended.output
    assert says in ended.output
    assert "Traceback" not in ended.output


def test_a_local_folder_is_uploaded_and_run_to_its_end(
    deployment: Deployment, finished: list[dict[str, Any]]
) -> None:
    last = finished[-1]
    assert (last["status"], last["records"], last["exceptions"]) == ("SUCCEEDED", PHOTOS, 1)
    assert last["summary"]["outputs"] == PHOTOS
    assert set(last["states"].values()) == {"done"}
    assert last["jobs"][0]["records"] == PHOTOS
    names = deployment.read(last["output"])
    assert "below/00.jpg.out" in names
    assert not any("hidden" in name for name in names)


def test_the_moments_of_a_run_tell_of_its_job(finished: list[dict[str, Any]]) -> None:
    running = [one for one in finished if one["status"] == "RUNNING" and one["jobs"]]
    assert running
    assert all(one["instances"] == 1 for one in running if one["jobs"][0]["status"] == "InProgress")
    assert running[-1]["states"]["Summarize"] in {"waiting", "running", "done"}


def test_what_is_there_is_not_sent_again_and_only_what_is_named_is_run(
    tfbatch: Callable[..., Result], photos: Path, finished: list[dict[str, Any]]
) -> None:
    assert finished
    ran = tfbatch("run", str(photos), "--model", "tiny", "--format", "jpeg", "--dry-run")
    assert ran.exit_code == exit_codes.OK, ran.output
    assert "0 files uploaded to s3://" in ran.output
    assert f"{PHOTOS} were there already" in ran.output
    (photos / "02.jpg").write_bytes(photo(99))
    ran = tfbatch("run", str(photos / "0[123].jpg"), "--model", "tiny", "--dry-run", "--json")
    assert ran.exit_code == exit_codes.OK, ran.output
    assert "1 file uploaded" in ran.stderr
    assert _lines(ran.stdout)[-1]["plan"]["objects"] == 3


def test_a_run_can_be_listed_shown_and_watched_afterwards(
    tfbatch: Callable[..., Result], finished: list[dict[str, Any]]
) -> None:
    name = finished[-1]["execution"]
    (listed,) = [
        one for one in json.loads(tfbatch("list", "--json").stdout) if one["execution"] == name
    ]
    assert (listed["records"], listed["exceptions"]) == (PHOTOS, 1)
    assert listed["predictions"] == PHOTOS - 1
    assert listed["model"]
    assert name in tfbatch("list", "--status", "succeeded").stdout
    shown = tfbatch("show", name[:-2])  # how it begins will do
    assert shown.exit_code == exit_codes.OK
    assert f"{PHOTOS} of {PHOTOS} objects" in shown.stdout
    assert "Refused" in shown.stdout
    watched = tfbatch("watch", name)
    assert watched.exit_code == exit_codes.ATTENTION
    assert f"tfbatch retry {name}" in watched.stdout


def test_retry_runs_the_exceptions_alone_and_what_is_printed_does_what_run_does(
    deployment: Deployment,
    tfbatch: Callable[..., Result],
    photos: Path,
    finished: list[dict[str, Any]],
) -> None:
    retried = tfbatch("retry", finished[-1]["execution"], "--json")
    assert retried.exit_code == exit_codes.OK, retried.output
    (started,) = _lines(retried.stdout)
    assert started["plan"]["objects"] == 1

    shown = tfbatch("run", str(photos / "01.jpg"), "--model", "tiny", "--show-aws")
    assert shown.exit_code == exit_codes.OK, shown.output
    *copies, start = shown.stdout.splitlines()
    assert len(copies) == 1
    for line in copies:
        deployment.run("sh", "-c", line)
    arn = json.loads(deployment.run("sh", "-c", start))["executionArn"]
    assert deployment.wait(arn)["status"] == "SUCCEEDED"
    report = json.loads(deployment.wait(started["arn"])["output"])
    assert deployment.read(report["output"])["exceptions.jsonl"].count(b"\n") == 1
    for command in (["show", arn], ["list"]):
        for line in tfbatch(*command, "--show-aws").stdout.splitlines():
            assert json.loads(deployment.run("sh", "-c", line))


def test_ctrl_c_ends_the_watching_and_stop_ends_the_run(
    deployment: Deployment, environment: dict[str, str], tfbatch: Callable[..., Result]
) -> None:
    uri = deployment.upload("left", {f"{n}.jpg": photo(n) for n in range(1500)})
    started = tfbatch("run", uri, "--model", "tiny", "--json")
    assert started.exit_code == exit_codes.OK, started.output
    (found,) = _lines(started.stdout)
    command = [sys.executable, "-m", "tfbatch", "watch", found["execution"]]
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=os.environ | environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout
        assert watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        assert f"tfbatch watch {found['execution']}" in watching.stdout.read()
    assert watching.returncode == exit_codes.INTERRUPTED
    stopped = tfbatch("stop", found["execution"])
    assert stopped.exit_code == exit_codes.OK, stopped.output
    ended = deployment.wait(found["arn"])
    assert (ended["status"], ended["error"]) == ("ABORTED", "Stopped")
    again = tfbatch("stop", found["execution"])
    assert again.exit_code == exit_codes.FAILED
    assert "has ended already: ABORTED" in again.stderr


def test_doctor_says_in_what_a_stage_is_not_as_its_settings_say(
    tfbatch: Callable[..., Result],
) -> None:
    found = tfbatch("doctor", "--json")
    assert found.exit_code == exit_codes.ATTENTION, found.output
    checks = {one["name"]: one for one in _lines(found.stdout)}
    assert checks["bootstrap"]["status"] == "ok"
    assert checks["stack tfbatch-dev-inference"]["status"] == "ok"
    assert "capacityTries = 2 is deployed, and the settings say 6" in checks["settings"]["found"]
    assert "cdk deploy" in checks["settings"]["remedy"]
    missing = tfbatch("doctor", "--stage", "prod")
    assert missing.exit_code == exit_codes.FAILED
    assert "cdk deploy --all -c stage=prod" in missing.output


def test_the_shell_completes_executions(
    environment: dict[str, str], finished: list[dict[str, Any]]
) -> None:
    name = finished[-1]["execution"]
    completing = {
        "_TFBATCH_COMPLETE": "bash_complete",
        "COMP_WORDS": f"tfbatch watch {name[:6]}",
        "COMP_CWORD": "2",
    }
    program = Path(sys.executable).with_name("tfbatch")
    said = subprocess.run(
        [program], env=os.environ | environment | completing, capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    assert f"plain,{name}" in said.splitlines()
