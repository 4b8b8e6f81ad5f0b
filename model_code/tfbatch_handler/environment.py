"""The settings of the handler, typed and as environment variables.

The CDK writes a Model's settings with ``variables``, and the handler reads them with ``parse``.
Names, defaults and limits are defined only here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from tfbatch_handler.signature import DEFAULT
from tfbatch_handler.variable import (
    Kind,
    SettingError,
    Variable,
    choice,
    file_name,
    names,
    text,
    whole_number,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENABLE_BATCHING: Final = "SAGEMAKER_TFS_ENABLE_BATCHING"
MAX_BATCH_SIZE: Final = "SAGEMAKER_TFS_MAX_BATCH_SIZE"
"""The container's variable: TensorFlow Serving refuses larger batches."""
DEFAULT_MAX_BATCH_SIZE: Final = "8"
"""Its default in every version of the container."""

Output = Literal["raw", "top_k", "fields"]
OnError = Literal["record", "fail"]


def _variable(name: str, kind: Kind) -> dict[str, Variable]:
    return {"variable": Variable(name=name, kind=kind)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The output and the behavior of the handler."""

    signature: str = field(default=DEFAULT, metadata=_variable("TFBATCH_SIGNATURE", text()))
    """The signature to serve. ``Model.signature`` sets it."""

    output: Output = field(
        default="raw", metadata=_variable("TFBATCH_OUTPUT", choice(get_args(Output)))
    )
    """``raw``: TensorFlow Serving's reply, one compact line; ``top_k``: the likeliest classes;
    ``fields``: chosen outputs under names of your own."""

    top_k: int = field(default=5, metadata=_variable("TFBATCH_TOP_K", whole_number()))
    """Number of classes in a ``top_k`` line."""

    labels: str = field(default="labels.txt", metadata=_variable("TFBATCH_LABELS", file_name()))
    """File in ``code/`` with a class name on each line. Without it classes have no names."""

    fields: Mapping[str, str] = field(
        default_factory=dict,
        metadata=_variable("TFBATCH_FIELDS", names(like='{"<field>": "<output>"}')),
    )
    """Field -> output, for ``fields``. If empty, every output under its own name."""

    on_error: OnError = field(
        default="record", metadata=_variable("TFBATCH_ON_ERROR", choice(get_args(OnError)))
    )
    """``record``: a bad record becomes one error line; ``fail``: it fails its request."""

    features: Mapping[str, str] = field(
        default_factory=dict,
        metadata=_variable(
            "TFBATCH_FEATURES", names(like='{"<signature input>": "<tf.Example feature>"}')
        ),
    )
    """Signature input -> tf.Example feature, if their names differ; ``*`` is the whole Example. An
    input ``image_bytes`` that is not named here takes ``image/encoded``."""

    batch_size: int = field(default=32, metadata=_variable("TFBATCH_BATCH_SIZE", whole_number()))
    """Maximum records of a payload in one request to TensorFlow Serving. If the server batches, at
    most its batch size."""

    timeout_seconds: int = field(
        default=570, metadata=_variable("TFBATCH_TIMEOUT_SECONDS", whole_number())
    )
    """Maximum seconds for a request, including outages. The CDK sets the time-outs of nginx and
    gunicorn above it, so that the handler's answer is sent. SageMaker waits 600 s by default."""

    record_seconds: int = field(
        default=10, metadata=_variable("TFBATCH_RECORD_SECONDS", whole_number())
    )
    """Seconds without an answer after which a record is given up, if others pass meanwhile, and if
    it is 20 times as long as the slowest request took."""

    def __post_init__(self) -> None:
        """Refuse values that ``parse`` would not return.

        Raises:
            SettingError: names the field, its value and the remedy.
        """
        for name, variable in _variables():
            if not variable.kind.admits(getattr(self, name)):
                raise SettingError(
                    f"Settings.{name} = {getattr(self, name)!r}: use {variable.kind.wants}"
                )

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings from environment variables. An unset or empty one has its default.

        Raises:
            SettingError: names the variable, the value and the remedy.
        """
        chosen: dict[str, Any] = {
            name: variable.read(text)
            for name, variable in _variables()
            if (text := environment.get(variable.name))
        }
        if most := server_batch(environment):
            chosen["batch_size"] = min(most, chosen.get("batch_size", most))
        return cls(**chosen)

    def variables(self) -> dict[str, str]:
        """The environment variables that ``parse`` reads these settings from.

        Defaults are left out, because the handler in the same artifact has them.
        """
        default = Settings()
        return {
            variable.name: variable.kind.write(getattr(self, name))
            for name, variable in _variables()
            if getattr(self, name) != getattr(default, name)
        }


def server_batch(environment: Mapping[str, str]) -> int:
    """The records that TensorFlow Serving merges of several requests; 0 when it doesn't.

    Raises:
        SettingError: the container's own variable is no number.
    """
    if environment.get(ENABLE_BATCHING, "").lower() != "true":
        return 0
    text = environment.get(MAX_BATCH_SIZE) or DEFAULT_MAX_BATCH_SIZE
    most: int = Variable(name=MAX_BATCH_SIZE, kind=whole_number()).read(text)
    return most


def _variables() -> Iterator[tuple[str, Variable]]:
    for one in fields(Settings):
        yield one.name, one.metadata["variable"]
