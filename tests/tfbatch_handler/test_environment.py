"""The handler's settings: one class for both sides, and errors that name variable and remedy."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfbatch_handler.environment import OnError, Output, Settings
from tfbatch_handler.variable import SettingError

_NUMBERS = st.integers(min_value=1, max_value=10**9)
_TEXT = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1)
_NAMES = st.dictionaries(_TEXT, _TEXT, max_size=4)
_FILES = _TEXT.filter(lambda text: "/" not in text and text != ".." and "\0" not in text)
SETTINGS = st.builds(
    Settings,
    output=st.sampled_from(get_args(Output)),
    top_k=_NUMBERS,
    labels=_FILES,
    fields=_NAMES,
    on_error=st.sampled_from(get_args(OnError)),
    features=_NAMES,
    batch_size=_NUMBERS,
    timeout_seconds=_NUMBERS,
)


def test_nothing_set_is_the_defaults() -> None:
    assert Settings.parse({}) == Settings()
    assert Settings.parse({"TFBATCH_OUTPUT": ""}) == Settings()
    assert Settings().variables() == {}


@given(SETTINGS)
def test_what_the_stacks_write_is_what_the_handler_reads(settings: Settings) -> None:
    assert Settings.parse(settings.variables()) == settings


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
    settings = Settings(
        output="top_k",
        top_k=3,
        labels="names.txt",
        fields={"a": "b"},
        on_error="fail",
        features={"x": "y"},
        batch_size=4,
        timeout_seconds=9,
    )
    assert Settings.parse(environment) == settings
    assert settings.variables() == environment


@pytest.mark.parametrize(
    ("environment", "size"),
    [
        ({"SAGEMAKER_TFS_MAX_BATCH_SIZE": "16"}, 32),
        ({"SAGEMAKER_TFS_ENABLE_BATCHING": "true"}, 8),
        ({"SAGEMAKER_TFS_ENABLE_BATCHING": "true", "SAGEMAKER_TFS_MAX_BATCH_SIZE": "16"}, 16),
        ({"SAGEMAKER_TFS_ENABLE_BATCHING": "true", "TFBATCH_BATCH_SIZE": "3"}, 3),
        ({"SAGEMAKER_TFS_ENABLE_BATCHING": "true", "TFBATCH_BATCH_SIZE": "30"}, 8),
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
        ("TFBATCH_LABELS", "/etc/passwd", "the name of a file in code/"),
        ("TFBATCH_LABELS", "../labels.txt", "the name of a file in code/"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(name: str, value: str, remedy: str) -> None:
    with pytest.raises(SettingError) as info:
        Settings.parse({name: value})
    assert str(info.value).startswith(f"{name} is {value!r}: set it to ")
    assert remedy in str(info.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("output", "best"),
        ("output", None),
        ("top_k", 0),
        ("top_k", True),
        ("top_k", 2.0),
        ("top_k", "5"),
        ("labels", ""),
        ("fields", {"a": 1}),
        ("fields", {1: "a"}),
        ("features", "image"),
    ],
)
def test_a_wrong_value_in_code_is_named_with_its_remedy(field: str, value: Any) -> None:  # noqa: ANN401
    with pytest.raises(SettingError) as info:
        Settings(**{field: value})
    assert str(info.value).startswith(f"Settings.{field} = {value!r}: use ")
