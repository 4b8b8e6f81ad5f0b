"""Who chooses concurrency, payload and strategy; and what a container is told of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tfbatch_sandbox.container.host.environment import container_environment
from tfbatch_sandbox.container.profile import PROFILES, profile_of
from tfbatch_sandbox.container.settings import Settings, SettingsError
from tfbatch_sandbox.transform.job import Requested
from tfbatch_sandbox.transform.parameters import choose_parameters

if TYPE_CHECKING:
    from .conftest import Jobs

PROPOSED = {"MaxConcurrentTransforms": 8, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 2}


def requested(
    concurrency: int | None = None, strategy: str | None = None, payload: int | None = None
) -> Requested:
    return Requested(
        max_concurrent_transforms=concurrency, batch_strategy=strategy, max_payload_in_mb=payload
    )


def test_nothing_set_is_one_request_at_a_time_of_six_megabytes_of_many_records() -> None:
    assert (
        str(choose_parameters(requested(), {}))
        == "MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD"
    )


def test_the_container_proposes_what_the_caller_left_open() -> None:
    assert (
        str(choose_parameters(requested(concurrency=0), PROPOSED))
        == "MaxConcurrentTransforms=8, MaxPayloadInMB=2, BatchStrategy=SINGLE_RECORD"
    )


def test_the_caller_overrules_the_container() -> None:
    chosen = choose_parameters(requested(3, "MultiRecord", 0), PROPOSED)
    assert str(chosen) == "MaxConcurrentTransforms=3, MaxPayloadInMB=0, BatchStrategy=MULTI_RECORD"
    assert chosen.is_chunked


def test_a_container_is_told_only_what_the_caller_set(jobs: Jobs) -> None:
    job = jobs.job(MaxConcurrentTransforms=4)
    environment = container_environment(job, port_range=(10, 20), region="eu-west-1")
    told = {name: value for name, value in environment.items() if name.startswith("SAGEMAKER")}
    assert told == {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "4",
        "SAGEMAKER_SAFE_PORT_RANGE": "10-20",
    }


def test_the_jobs_variables_win_over_the_models(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_MACHINE", "x")
    job = jobs.job(Environment={"A": "job"})
    object.__setattr__(job.model, "environment", {"A": "model", "B": "model"})
    environment = container_environment(job, port_range=(10, 20), region="eu-west-1")
    assert environment["A"] == "job"
    assert environment["B"] == "model"
    assert "SECRET_OF_THE_MACHINE" not in environment


def test_the_container_gets_this_environment_and_no_other(jobs: Jobs) -> None:
    told = jobs.folder / "environment.json"
    jobs.put(**{"in/a": b"x"})
    assert jobs.run(stub={"environment": str(told)}).reason is None
    environment = json.loads(told.read_text())
    assert environment["SAGEMAKER_BATCH"] == "true"
    assert "PYTEST_CURRENT_TEST" not in environment


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("1.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.19.0-gpu-py312", "2.19"),
        ("1.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.8-cpu", "2.19"),
        ("localhost:5000/tensorflow-inference:2.20.0-gpu-py312-cu129", "2.20"),
        ("localhost:5000/tensorflow-inference", "2.20"),
    ],
)
def test_the_images_tag_chooses_the_profile(image: str, version: str) -> None:
    assert profile_of(image).version == version


@pytest.mark.parametrize(("version", "count", "seconds"), [("2.19", 5, 11), ("2.20", 5, 60)])
def test_the_wait_for_the_model_is_shared_among_servers_before_2_20(
    version: str, count: int, seconds: int
) -> None:
    environment = {
        "SAGEMAKER_TFS_INSTANCE_COUNT": str(count),
        "SAGEMAKER_SAFE_PORT_RANGE": "10000-10100",
    }
    settings = Settings.of(environment, PROFILES[version])
    assert settings.wait_seconds == seconds
    assert settings.ports[1] == (10002, 10003)


def test_batching_has_the_images_defaults_and_a_deep_queue_in_a_transform_job() -> None:
    environment = {"SAGEMAKER_TFS_ENABLE_BATCHING": "True", "SAGEMAKER_BATCH": "true"}
    batching = Settings.of(environment, PROFILES["2.20"]).batching
    assert batching is not None
    assert (batching.max_batch_size, batching.batch_timeout_micros) == (8, 1000)
    assert batching.max_enqueued_batches == 100_000_000


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SAGEMAKER_TFS_ENABLE_BATCHING", "yes"),
        ("SAGEMAKER_GUNICORN_WORKERS", "two"),
        ("SAGEMAKER_SAFE_PORT_RANGE", "100-101"),
    ],
)
def test_a_value_the_container_can_not_start_with_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable) as error:
        Settings.of({variable: value}, PROFILES["2.20"])
    assert value in str(error.value)
