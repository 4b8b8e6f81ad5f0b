"""What a deployer chooses about the handler, as environment variables of the Model or the job.

The names and defaults here are what the stacks set and the handler reads: one place for both.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeVar, cast, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTPUT: Final = "TFBATCH_OUTPUT"
TOP_K: Final = "TFBATCH_TOP_K"
LABELS: Final = "TFBATCH_LABELS"
FIELDS: Final = "TFBATCH_FIELDS"
ON_ERROR: Final = "TFBATCH_ON_ERROR"
FEATURES: Final = "TFBATCH_FEATURES"
BATCH_SIZE: Final = "TFBATCH_BATCH_SIZE"
TIMEOUT: Final = "TFBATCH_TIMEOUT_SECONDS"
ENABLE_BATCHING: Final = "SAGEMAKER_TFS_ENABLE_BATCHING"
MAX_BATCH_SIZE: Final = "SAGEMAKER_TFS_MAX_BATCH_SIZE"
"""The container's own: what TensorFlow Serving was told, and refuses requests beyond."""

Output = Literal["raw", "top_k", "fields"]
OnError = Literal["record", "fail"]

DEFAULT_OUTPUT: Final[Output] = "raw"
DEFAULT_TOP_K: Final = 5
DEFAULT_LABELS: Final = "labels.txt"
DEFAULT_ON_ERROR: Final[OnError] = "record"
DEFAULT_FEATURES: Final[Mapping[str, str]] = {"image_bytes": "image/encoded"}
DEFAULT_BATCH_SIZE: Final = 32
DEFAULT_TIMEOUT_SECONDS: Final = 55
DEFAULT_MAX_BATCH_SIZE: Final = 8
"""The container's, in every version."""

_Choice = TypeVar("_Choice", bound=str)


class SettingError(ValueError):
    """An environment variable has a value the handler can't use."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How records are answered."""

    output: Output = DEFAULT_OUTPUT
    """``raw``: TensorFlow Serving's reply, one compact line; ``top_k``: the likeliest classes;
    ``fields``: chosen outputs under names of your own."""
    top_k: int = DEFAULT_TOP_K
    """How many classes a ``top_k`` line names."""
    labels: str = DEFAULT_LABELS
    """File in ``code/`` with a class name a line; classes have no names when it is not there."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Field -> output, for ``fields``; every output under its own name when empty."""
    on_error: OnError = DEFAULT_ON_ERROR
    """``record``: a bad record becomes one error line; ``fail``: it fails its request."""
    features: Mapping[str, str] = field(default_factory=lambda: DEFAULT_FEATURES)
    """Signature input -> tf.Example feature, where their names differ; ``*`` is the whole
    Example."""
    batch_size: int = DEFAULT_BATCH_SIZE
    """The most records of a payload sent to TensorFlow Serving at once."""
    timeout_seconds: int = DEFAULT_TIMEOUT_SECONDS
    """How long a request may take, outages included; below nginx's and gunicorn's time-outs, so
    that the answer is ours."""

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings from environment variables; what is unset or empty has its default.

        Raises:
            SettingError: a value can't be used; names the variable, the value and the remedy.
        """
        return cls(
            output=_choice(environment, OUTPUT, DEFAULT_OUTPUT, get_args(Output)),
            top_k=_positive(environment, TOP_K, DEFAULT_TOP_K),
            labels=environment.get(LABELS) or DEFAULT_LABELS,
            fields=_names(environment, FIELDS, {}, like='{"<field>": "<output>"}'),
            on_error=_choice(environment, ON_ERROR, DEFAULT_ON_ERROR, get_args(OnError)),
            features=_names(
                environment,
                FEATURES,
                DEFAULT_FEATURES,
                like='{"<signature input>": "<tf.Example feature>"}',
            ),
            batch_size=_batch_size(environment),
            timeout_seconds=_positive(environment, TIMEOUT, DEFAULT_TIMEOUT_SECONDS),
        )


def _batch_size(environment: Mapping[str, str]) -> int:
    """Never more than TensorFlow Serving takes; while it batches itself, that is its batch."""
    if environment.get(ENABLE_BATCHING, "").lower() != "true":
        return _positive(environment, BATCH_SIZE, DEFAULT_BATCH_SIZE)
    most = _positive(environment, MAX_BATCH_SIZE, DEFAULT_MAX_BATCH_SIZE)
    return min(most, _positive(environment, BATCH_SIZE, most))


def _choice(
    environment: Mapping[str, str], name: str, default: _Choice, choices: tuple[str, ...]
) -> _Choice:
    value = environment.get(name) or default
    if value not in choices:
        raise SettingError(f"{name} is {value!r}: set it to one of {', '.join(choices)}")
    return cast("_Choice", value)


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and int(text)):
        raise SettingError(f"{name} is {text!r}: set it to a whole number of at least 1")
    return int(text)


def _names(
    environment: Mapping[str, str], name: str, default: Mapping[str, str], *, like: str
) -> Mapping[str, str]:
    text = environment.get(name)
    if not text:
        return default
    try:
        value = json.loads(text)
    except ValueError as error:
        value = error
    if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
        return value
    raise SettingError(f"{name} is {text!r}: set it to a JSON object of strings, {like}")
