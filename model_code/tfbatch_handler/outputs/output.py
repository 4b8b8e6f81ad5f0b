"""Encodes a prediction: TensorFlow Serving's reply, the likeliest classes, or chosen fields."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tfbatch_handler.serving.json_text import dumps
from tfbatch_handler.signature import SignatureError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfbatch_handler.record import Prediction
    from tfbatch_handler.signature import Signature


class Output(Protocol):
    """A way to encode a prediction."""

    @property
    def scores(self) -> str | None:
        """The one float output that it needs, or ``None`` if it needs the whole row."""
        ...

    def lines(self, rows: Sequence[Prediction]) -> list[bytes]:
        """Each prediction as compact JSON."""
        ...

    def cells(self, rows: Sequence[Prediction]) -> list[list[Any]]:
        """Each prediction as the cells of a CSV row."""
        ...


class Raw:
    """TensorFlow Serving's reply for this record alone."""

    scores = None

    def lines(self, rows: Sequence[Prediction]) -> list[bytes]:
        """``{"predictions":[…]}`` with the row as it came."""
        return [b'{"predictions":[%b]}' % bytes(row) for row in rows]

    def cells(self, rows: Sequence[Prediction]) -> list[list[Any]]:
        """Every value, outputs in the order of their names."""
        return [list(_flat(json.loads(bytes(row)))) for row in rows]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fields:
    """Chosen outputs, renamed."""

    names: Mapping[str, str]
    """Field -> output."""
    lone: bool
    """Whether the signature has one output, whose rows have no names."""

    @property
    def scores(self) -> None:
        """Fields need whole rows."""
        return

    def lines(self, rows: Sequence[Prediction]) -> list[bytes]:
        """``{"<field>":<output>,…}``."""
        return [dumps(self._chosen(row)) for row in rows]

    def cells(self, rows: Sequence[Prediction]) -> list[list[Any]]:
        """The fields' values, in the order they were chosen."""
        return [list(_flat(list(self._chosen(row).values()))) for row in rows]

    def _chosen(self, row: Prediction) -> dict[str, Any]:
        value = json.loads(bytes(row))
        return {field: value if self.lone else value[name] for field, name in self.names.items()}


def _flat(value: Any) -> Iterator[Any]:  # noqa: ANN401  JSON
    if isinstance(value, dict):
        value = [value[name] for name in sorted(value)]
    if not isinstance(value, list):
        yield value
        return
    for item in value:
        yield from _flat(item)


def fields_of(signature: Signature, names: Mapping[str, str]) -> Fields:
    """The chosen outputs, or all if none are chosen.

    Raises:
        SignatureError: the signature doesn't have a chosen output, or a line would look like an
            error line.
    """
    unknown = sorted(set(names.values()) - set(signature.outputs))
    if unknown:
        raise SignatureError(
            f"the fields name the outputs {', '.join(unknown)}, and the model gives {signature}"
        )
    chosen = names or {name: name for name in sorted(signature.outputs)}
    if set(chosen) == {"error"}:
        raise SignatureError(
            "a line with the one field 'error' is an error line: give the field another name, "
            f"fields={{'value': {chosen['error']!r}}}"
        )
    return Fields(names=chosen, lone=len(signature.outputs) == 1)
