"""Tests of the container's derived environment variables."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from stacks.stages import stage_named
from tests.paths import REPOSITORY
from tests.tfbatch_cdk.test_templates import definition
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model import container_environment
from tfbatch_cdk.model.container_environment import RULES
from tfbatch_cdk.model.saved_model import is_mergeable
from tfbatch_cdk.settings import Invocations
from tfbatch_handler.environment import Settings
from tfbatch_handler.signature import Signature, Tensor

if TYPE_CHECKING:
    from tests.tfbatch_cdk.conftest import Assembly

DEMO = stage_named("dev").models[0]
TIMEOUTS = (
    "TFBATCH_TIMEOUT_SECONDS",
    "SAGEMAKER_GUNICORN_TIMEOUT_SECONDS",
    "SAGEMAKER_NGINX_PROXY_READ_TIMEOUT_SECONDS",
)
SHOWN = ("c5.4xlarge", "g4dn.xlarge", "g5.xlarge", "g5.12xlarge", "g6.48xlarge", "p3.2xlarge")


@pytest.mark.parametrize(
    ("instance_type", "vcpus", "gpus"),
    [
        ("c5.large", 2, 0),
        ("m5.24xlarge", 96, 0),
        ("g4dn.xlarge", 4, 1),
        ("g4dn.12xlarge", 48, 4),
        ("g5.16xlarge", 64, 1),
        ("g5.48xlarge", 192, 8),
        ("g6e.24xlarge", 96, 4),
        ("p3.2xlarge", 8, 1),
        ("p3.16xlarge", 64, 8),
    ],
)
def test_an_instance_type_says_its_processors_and_gpus(
    instance_type: str, vcpus: int, gpus: int
) -> None:
    found = container_environment.machine(instance_type, merges=False)
    assert (found.vcpus, found.gpus) == (vcpus, gpus)


def test_what_is_no_instance_type_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"Compute\.instance_types has 'g5'"):
        container_environment.machine("g5", merges=False)


def test_every_gpu_is_used_and_threads_are_as_many_as_processors() -> None:
    found = container_environment.of_job(DEMO, "g5.12xlarge")
    assert found["SAGEMAKER_TFS_INSTANCE_COUNT"] == "4"
    margin = float(found["SAGEMAKER_TFS_FRACTIONAL_GPU_MEM_MARGIN"])
    assert (1 - margin) / 4 == pytest.approx(0.8)  # the container's formula
    workers, threads = found["SAGEMAKER_GUNICORN_WORKERS"], found["OMP_NUM_THREADS"]
    assert int(workers) * int(threads) == 48


def test_a_cpu_has_no_batches_and_one_server() -> None:
    assert container_environment.of_job(DEMO, "c5.4xlarge").keys() == {
        "SAGEMAKER_GUNICORN_WORKERS",
        "OMP_NUM_THREADS",
    }


@pytest.mark.parametrize(
    ("variable", "left_out"),
    [
        ("SAGEMAKER_GUNICORN_WORKERS", {"SAGEMAKER_GUNICORN_WORKERS"}),
        ("SAGEMAKER_TFS_MAX_BATCH_SIZE", {"SAGEMAKER_TFS_MAX_BATCH_SIZE"}),
        (
            "SAGEMAKER_TFS_ENABLE_BATCHING",
            {
                "SAGEMAKER_TFS_ENABLE_BATCHING",
                "SAGEMAKER_TFS_MAX_BATCH_SIZE",
                "SAGEMAKER_TFS_BATCH_TIMEOUT_MICROS",
            },
        ),
    ],
)
def test_the_deployers_own_variable_is_not_told_otherwise_by_the_job(
    variable: str, left_out: set[str]
) -> None:
    before = container_environment.of_job(DEMO, "g5.xlarge")
    chosen = replace(DEMO, environment={variable: "8"})
    assert before.keys() - container_environment.of_job(chosen, "g5.xlarge").keys() == left_out
    assert container_environment.of_model(chosen, None)[variable] == "8"


@pytest.mark.parametrize(
    ("shape", "merged"),
    [((-1,), True), ((-1, 3), True), ((-1, 224, 224, 3), True), ((-1, -1), False), (None, False)],
)
def test_only_inputs_of_one_size_are_merged(shape: tuple[int, ...] | None, *, merged: bool) -> None:
    inputs = {"x": Tensor(name="x:0", dtype="FLOAT", shape=shape)}
    assert is_mergeable(Signature(inputs=inputs, outputs={})) is merged


@pytest.mark.parametrize("seconds", [None, 3, 30, 120, 600, 3600])
@pytest.mark.parametrize("own", [1, 55, 570, 3000])
def test_the_handler_gives_up_before_nginx_and_nginx_before_sagemaker(
    seconds: int | None, own: int
) -> None:
    invocations = Invocations(timeout_seconds=seconds) if seconds else None
    model = replace(DEMO, handler=Settings(timeout_seconds=own))
    found = {"TFBATCH_TIMEOUT_SECONDS": "570"} | container_environment.of_model(model, invocations)
    handler, gunicorn, nginx = (int(found[name]) for name in TIMEOUTS)
    assert handler < gunicorn <= nginx < (seconds or 600)
    assert handler <= own


def test_jobs_are_told_by_instance_type_in_what_the_api_admits(prod: Assembly) -> None:
    (environments,) = _values(definition(prod), "environments")
    found = environments[DEMO.name]
    types = stage_named("prod").compute.instance_types
    assert found == {f"ml.{kind}": container_environment.of_job(DEMO, kind) for kind in types}
    served = prod.one("AWS::SageMaker::Model")["PrimaryContainer"]["Environment"]
    for variables in found.values():
        assert len(variables) <= container_environment.MAX_JOB_VARIABLES
        assert not variables.keys() & served.keys()


def _values(value: Any, key: str) -> list[Any]:  # noqa: ANN401
    """All values of ``key`` at any depth, except expressions."""
    if isinstance(value, dict):
        here = [value[key]] if isinstance(value.get(key), dict) else []
        return here + [one for inner in value.values() for one in _values(inner, key)]
    return (
        [one for inner in value for one in _values(inner, key)] if isinstance(value, list) else []
    )


@pytest.mark.parametrize("part", ["rules", "examples"])
def test_the_docs_say_what_is_derived(part: str) -> None:
    wanted = {"rules": _rules(), "examples": _examples()}[part]
    begin, end = f"<!-- {part} -->\n", f"<!-- /{part} -->"
    file = REPOSITORY / "docs" / "handler.md"
    before, _, rest = file.read_text().partition(begin)
    shown, _, after = rest.partition(end)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(before + begin + wanted + end + after)
        shown = wanted
    assert shown == wanted


def _rules() -> str:
    rows = "".join(f"| `{one.name}` | {one.rule} | {one.reason} |\n" for one in RULES)
    return f"| variable of the job | value | why |\n| --- | --- | --- |\n{rows}"


def _examples() -> str:
    kinds = {kind: container_environment.machine(kind, merges=True) for kind in SHOWN}
    lines = [f"| | {' | '.join(kinds)} |", "| --- |" + " ---: |" * len(kinds)]
    for rule in RULES:
        values = [rule.value(found) or "" for found in kinds.values()]
        lines.append(f"| `{rule.name}` | {' | '.join(values)} |")
    return "\n".join(lines) + "\n"


def test_variables_of_requests_move_from_the_model_to_its_jobs() -> None:
    stage = replace(stage_named("dev"), request_variables=("TFBATCH_OUTPUT", "TFBATCH_TOP_K"))
    (model,) = stage.models
    of_model = container_environment.of_stage_model(stage, model)
    of_job = container_environment.of_stage_job(stage, model, "g5.xlarge")
    assert "TFBATCH_OUTPUT" not in of_model
    assert of_job["TFBATCH_OUTPUT"] == "top_k"
    assert not of_model.keys() & of_job.keys()


def test_more_variables_of_requests_than_a_job_may_have_are_refused() -> None:
    stage = replace(stage_named("dev"), request_variables=tuple(f"NAME_{n}" for n in range(16)))
    with pytest.raises(SettingsError, match="CreateTransformJob admits 16: remove some"):
        container_environment.of_stage_job(stage, stage.models[0], "g5.xlarge")
