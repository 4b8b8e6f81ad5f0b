"""Tests of settings: an invalid value is refused with field, value and remedy."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.session
import pytest

from stacks.stages import JPEG, STAGES, TFRECORD, stage_named
from tests.paths import REPOSITORY
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.settings import (
    Compute,
    DataCapture,
    DataProcessing,
    Endpoint,
    Experiment,
    Format,
    Invocations,
    Model,
    Stage,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def _compute(instance_type: str) -> Callable[[], Compute]:
    return lambda: Compute(instance_types=(instance_type,))


MODEL = Model(name="m", directory=Path("models/m"))


@pytest.mark.aws
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: Format(content_type="image/jpeg", max_concurrent_transforms=200),
            (
                "Format.max_concurrent_transforms = 200: times max_payload_mb = 6 is 1200 MB, and "
                "SageMaker admits 100 MB: use at most 16"
            ),
        ),
        (
            lambda: Format(content_type="image/jpeg", max_payload_mb=0),
            "Format.max_payload_mb = 0: use 1 to 100 MB",
        ),
        (
            lambda: Format(content_type="image/jpeg", max_concurrent_transforms=0),
            "Format.max_concurrent_transforms = 0: use 1 or more",
        ),
        (
            lambda: Compute(instance_types=("p5.48xlarge",)),
            "Compute.instance_types = ('p5.48xlarge',): Batch Transform has no 'p5.48xlarge'",
        ),
        (
            lambda: Compute(instance_types=("ml.g5.xlarge",)),
            "'ml.g5.xlarge'; use a type of its own without 'ml.', such as 'g5.xlarge'",
        ),
        *(
            (_compute(wrong), f"Batch Transform has no {wrong!r}; use a type")
            for wrong in ("c6g.large", "g5.metal", "m5d.large", "inf2.xlarge", "trn1.2xlarge")
        ),
        (_compute("g5.xlargge"), "such as 'g5.xlarge'"),
        (
            lambda: Endpoint(instance_type="g5.metal"),
            "Endpoint.instance_type = 'g5.metal': A SageMaker endpoint has no 'g5.metal'",
        ),
        (
            lambda: replace(stage_named("dev"), endpoint=Endpoint(instance_type="c7g.large")),
            "Endpoint.instance_type = 'c7g.large': its processor is ARM: so must be the image's",
        ),
        (
            lambda: Compute(instances=9),
            "Compute.instances = 9: use 1 to max_instances = 4",
        ),
        (lambda: Compute(max_instances=101), "Compute.max_instances = 101: use 1 to 100"),
        (lambda: Compute(max_hours=0), "Compute.max_hours = 0: use 1 to 720 hours"),
        (lambda: Compute(patience_minutes=0), "Compute.patience_minutes = 0: use more than 0"),
        (
            lambda: Format(content_type="image/jpeg", processing=DataProcessing()),
            "it takes split_type 'Line', and content_type and accept that are both 'text/csv'",
        ),
        (
            lambda: DataProcessing(input_filter="features"),
            "DataProcessing.input_filter = 'features': use a JSONPath that begins with $",
        ),
        (lambda: DataProcessing(output_filter="$" * 64), "DataProcessing.output_filter"),
        (lambda: Invocations(timeout_seconds=4000), "Invocations.timeout_seconds = 4000: use 1 to"),
        (lambda: Invocations(max_retries=4), "Invocations.max_retries = 4: use 0 to 3"),
        (lambda: DataCapture(folder="/a/"), "DataCapture.folder = '/a/': use letters"),
        (lambda: Experiment(name="a b", trial="t"), "Experiment.name = 'a b': use letters"),
        (lambda: replace(MODEL, name="My Model"), "Model.name = 'My Model': use lower-case"),
        (
            lambda: replace(MODEL, environment={"TFBATCH_TOP_K": "0"}),
            "Model.environment: TFBATCH_TOP_K is '0': set it to a whole number of at least 1",
        ),
        (
            lambda: replace(MODEL, environment={"NO-DASH": "1"}),
            "Model.environment = {'NO-DASH': '1'}: CreateModel admits names of letters",
        ),
        (
            lambda: replace(MODEL, environment={"LONG": "1" * 1025}),
            "values of at most 1024 characters; LONG has 1025",
        ),
        (
            lambda: Stage(name="dev", models=(), formats={"jpeg": JPEG}),
            "Stage.models = (): name at least one",
        ),
        (
            lambda: Stage(name="dev", models=(MODEL, MODEL), formats={"jpeg": JPEG}),
            "two have one name",
        ),
        (
            lambda: Stage(name="Dev-1", models=(MODEL,), formats={"jpeg": JPEG}),
            "Stage.name = 'Dev-1': use a short lower-case word",
        ),
        (
            lambda: Stage(name="dev", models=(MODEL,), formats={}),
            "Stage.formats = {}: name at least one",
        ),
        (lambda: stage_named("test"), "stage = 'test': not a stage; use -c stage=NAME with one of"),
    ],
)
def test_a_wrong_value_is_refused_with_field_value_and_remedy(
    make: Callable[[], object], says: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(says)):
        make()


def test_the_articles_figures_are_admitted() -> None:
    assert replace(JPEG, max_payload_mb=1, max_concurrent_transforms=64)
    assert replace(TFRECORD, max_payload_mb=1, max_concurrent_transforms=100)


def test_every_stage_has_a_name_of_its_own() -> None:
    assert [stage_named(stage.name) for stage in STAGES] == list(STAGES)


def test_settings_name_files_of_this_repository() -> None:
    assert (REPOSITORY / "app.py").is_file()


@pytest.mark.aws
def test_every_type_of_the_service_that_the_images_run_on_is_taken() -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    types = model.shape_for("TransformInstanceType").enum  # type: ignore[attr-defined]
    for name in (one.removeprefix("ml.") for one in types):
        if not name.startswith(("inf", "trn")):
            Compute(instance_types=(name,))


@pytest.mark.aws
@pytest.mark.parametrize("name", ["c6g.large", "g5.metal", "g5.xlargge"])
def test_a_type_that_no_job_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"Compute\.instance_types"):
        Compute(instance_types=("g5.xlarge", name))


def test_the_records_of_a_whole_object_have_the_separator_of_its_type() -> None:
    found = [
        Format(content_type=kind, split_type=split).separator  # type: ignore[arg-type]
        for kind, split in (
            ("text/csv; header=present", "None"),
            ("application/x-tfrecord", "None"),
            ("image/jpeg", "None"),
            ("application/x-tfexample", "TFRecord"),
        )
    ]
    assert found == ["Line", "TFRecord", "None", "TFRecord"]


def test_keys_go_to_the_handler_in_the_content_type() -> None:
    lines = Format(content_type="application/jsonlines", keys=("id", "row no"))
    assert lines.sent_content_type == "application/jsonlines; keys=id,row%20no"
    rows = Format(content_type="text/csv; header=present", keys=("id",), accept="text/csv")
    assert rows.sent_content_type == "text/csv; header=present; keys=id"
    assert rows.joins_rows


def test_the_columns_of_split_csv_are_named_and_can_be_processed() -> None:
    rows = Format(
        content_type="text/csv",
        columns=("id", "a,b"),
        keys=("id",),
        split_type="Line",
        accept="text/csv",
    )
    assert rows.sent_content_type == "text/csv; columns=id,a%2Cb; keys=id"
    replace(rows, keys=(), processing=DataProcessing(join_source="Input"))
    with pytest.raises(SettingsError, match="name some of the columns id, a,b"):
        replace(rows, keys=("c",))
    with pytest.raises(SettingsError, match="only the first request of a file has its header"):
        Format(content_type="text/csv; header=present", split_type="Line")
    with pytest.raises(SettingsError, match="files without a header"):
        Format(content_type="text/csv; header=present", columns=("a",))


@pytest.mark.parametrize(
    ("content_type", "keys", "remedy"),
    [
        ("image/jpeg", ("id",), "have no fields"),
        ("text/csv", ("id",), "header=present"),
        ("application/jsonlines", ("",), "at least one letter"),
        ("application/jsonlines", ("a" * 300,), "at most 256 characters"),
        ("text/csv; columns=a", ("id",), "have no fields"),
    ],
)
def test_keys_that_no_record_has_are_refused(
    content_type: str, keys: tuple[str, ...], remedy: str
) -> None:
    with pytest.raises(SettingsError, match=remedy):
        Format(content_type=content_type, keys=keys)
