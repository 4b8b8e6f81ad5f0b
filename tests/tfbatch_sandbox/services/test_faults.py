"""Failures that are asked for: they happen as on AWS, as often as asked, and then no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.executions import failing

if TYPE_CHECKING:
    from tests.tfbatch_sandbox.services.conftest import Jobs
    from tfbatch_sandbox.services.json_type import Json


def test_a_job_on_an_instance_type_without_capacity_fails_and_another_runs(jobs: Jobs) -> None:
    jobs.sandbox.faults(no_capacity=["ml.g6.xlarge"])
    scarce = {"InstanceType": "ml.g6.xlarge", "InstanceCount": 1}
    refused = jobs.end(jobs.create("no-capacity", TransformResources=scarce))
    assert (refused["TransformJobStatus"], refused["FailureReason"]) == (
        "Failed",
        (
            "CapacityError: Unable to provision requested ML compute capacity. "
            "Please retry using a different ML instance type."
        ),
    )
    assert "TransformStartTime" not in refused
    assert jobs.end(jobs.create("capacity"))["TransformJobStatus"] == "Completed"
    jobs.sandbox.faults(no_capacity=[])
    again = jobs.end(jobs.create("capacity-again", TransformResources=scarce))
    assert again["TransformJobStatus"] == "Completed"


def test_so_many_calls_are_throttled_and_the_next_is_not(jobs: Jobs) -> None:
    once = jobs.session.client(
        "sagemaker",
        endpoint_url=jobs.sandbox.endpoint_url,
        config=Config(retries={"total_max_attempts": 1}),
    )
    throttled = failing("sagemaker:CreateTransformJob", "ThrottlingException", status=400)
    jobs.sandbox.faults(requests=[throttled | {"times": 2}])
    for _ in range(2):
        with pytest.raises(ClientError, match="Rate exceeded") as refused:
            once.create_transform_job(**jobs.request("throttled"))
        assert refused.value.response["Error"]["Code"] == "ThrottlingException"
    once.create_transform_job(**jobs.request("throttled"))
    assert jobs.end("throttled")["TransformJobStatus"] == "Completed"


def test_so_many_jobs_meet_an_internal_error_and_the_next_does_not(jobs: Jobs) -> None:
    jobs.sandbox.faults(internal_errors=1)
    assert jobs.end(jobs.create("internal-1"))["FailureReason"] == (
        "InternalServerError: We encountered an internal error. Please try again."
    )
    assert jobs.end(jobs.create("internal-2"))["TransformJobStatus"] == "Completed"


def _ask(jobs: Jobs, method: str, body: Json = None) -> Json:
    url = f"{jobs.sandbox.endpoint_url}/_sandbox/faults"
    return requests.request(method, url, json=body, timeout=10).json()


def test_the_faults_are_set_shown_and_taken_away_over_http(jobs: Jobs) -> None:
    none = {
        "no_capacity": [],
        "internal_errors": 0,
        "unanswered_pings": 0,
        "requests": [],
        "late_events": [],
        "longest_wait": 0.0,
        "skipped_seconds": 0.0,
    }
    changes = {"no_capacity": ["ml.p3.2xlarge"], "unanswered_pings": 1, "internal_errors": 2}
    assert _ask(jobs, "POST", changes) == _ask(jobs, "GET") == none | changes
    assert _ask(jobs, "POST", {"internal_errors": 0}) == none | changes | {"internal_errors": 0}
    assert _ask(jobs, "DELETE") == none


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"internal_errors": -1}, "internal_errors must be a whole number, 0 or more, got -1"),
        ({"requests": [{"how": "drop"}]}, "must be a list of objects with 'action'"),
        ({"requests": [{"action": "PutObject"}]}, "action must be like 's3:PutObject'"),
        ({"requests": [{"action": "s3:*", "how": "lose"}]}, "how must be one of refuse, fail"),
        (
            {"requests": [{"action": "s3:*", "times": 0}]},
            "times must be a number, 1 or more",
        ),
        ({"no_capacity": ["g5"]}, "instance types like 'ml.g5.xlarge', got ..g5"),
        ({"late_events": [1, -1]}, "late_events must be seconds, 0 or more, got -1"),
        ({"longest_wait": "1"}, "longest_wait must be seconds, 0 or more, got '1'"),
        ({"capacity": 1}, "must be an object with some of"),
        ({"no_capacity": 3}, "got .3."),
    ],
)
def test_a_fault_that_can_not_be_is_refused_with_the_field_and_the_remedy(
    jobs: Jobs, changes: Json, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        jobs.sandbox.faults(**changes)
