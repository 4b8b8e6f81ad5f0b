"""The handler's settings: defaults, and errors that name variable, value and remedy."""

from __future__ import annotations

import pytest
from tfbatch_handler.environment import SettingError, Settings


def test_nothing_set_is_the_defaults() -> None:
    assert Settings.parse({}) == Settings()
    assert Settings.parse({"TFBATCH_OUTPUT": ""}) == Settings()


def test_everything_can_be_set() -> None:
    environment = {
        "TFBATCH_OUTPUT": "top_k",
        "TFBATCH_TOP_K": "3",
        "TFBATCH_LABELS": "names.txt",
        "TFBATCH_FIELDS": '{"a": "b"}',
        "TFBATCH_ON_ERROR": "fail",
        "TFBATCH_FEATURES": '{"x": "y"}',
        "TFBATCH_BATCH_SIZE": "4",
        "TFBATCH_TIMEOUT_SECONDS": "9",
    }
    assert Settings.parse(environment) == Settings(
        output="top_k",
        top_k=3,
        labels="names.txt",
        fields={"a": "b"},
        on_error="fail",
        features={"x": "y"},
        batch_size=4,
        timeout_seconds=9,
    )


@pytest.mark.parametrize(
    ("environment", "size"),
    [
        ({"SAGEMAKER_TFS_MAX_BATCH_SIZE": "16"}, 32),
        ({"SAGEMAKER_TFS_ENABLE_BATCHING": "true"}, 8),
        ({"SAGEMAKER_TFS_ENABLE_BATCHING": "true", "SAGEMAKER_TFS_MAX_BATCH_SIZE": "16"}, 16),
        ({"SAGEMAKER_TFS_ENABLE_BATCHING": "true", "TFBATCH_BATCH_SIZE": "3"}, 3),
    ],
)
def test_batches_are_never_larger_than_the_server_takes(
    environment: dict[str, str], size: int
) -> None:
    assert Settings.parse(environment).batch_size == size


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("TFBATCH_OUTPUT", "best", "raw, top_k, fields"),
        ("TFBATCH_ON_ERROR", "ignore", "record, fail"),
        ("TFBATCH_TOP_K", "0", "a whole number of at least 1"),
        ("TFBATCH_TOP_K", "five", "a whole number of at least 1"),
        ("TFBATCH_BATCH_SIZE", "-1", "a whole number of at least 1"),
        ("TFBATCH_TIMEOUT_SECONDS", "1.5", "a whole number of at least 1"),
        ("TFBATCH_FEATURES", "image", "a JSON object of strings"),
        ("TFBATCH_FIELDS", '{"a": 1}', '{"<field>": "<output>"}'),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(name: str, value: str, remedy: str) -> None:
    with pytest.raises(SettingError) as info:
        Settings.parse({name: value})
    assert str(info.value).startswith(f"{name} is {value!r}: set it to ")
    assert remedy in str(info.value)
