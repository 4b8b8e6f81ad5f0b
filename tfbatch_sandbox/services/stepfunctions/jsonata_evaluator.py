"""Evaluates a JSONata expression as Step Functions does, with the functions that it adds.

These functions are those of the Step Functions developer guide, "Transforming
data with JSONata": $partition, $range, $hash, $random with a seed, $uuid, $parse.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import random
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jsonata import Jsonata
from jsonata.functions import Functions
from jsonata.jexception import JException
from jsonata.utils import Utils

from tfbatch_sandbox.services.stepfunctions import jsonata_corrections

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_sandbox.services.json_type import Json

jsonata_corrections.apply()

_KEPT = 1024
"""Parsed expressions. A state machine has some dozens."""
_HASHES = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}


class QueryError(Exception):
    """An expression can't be parsed, fails or has no JSON value; the message is AWS's."""


def evaluate(expression: str, variables: Mapping[str, Json]) -> Json:
    """Evaluate ``expression`` to a JSON value.

    Args:
        expression: JSONata, without ``{%`` and ``%}``.
        variables: JSON values by name, without the ``$``; ``states`` is one of them.

    Raises:
        QueryError: the expression failed, or its result is undefined or not JSON.
    """
    try:
        program = _program(expression)
        # Copying variables takes longer than an expression, which names few of them.
        named = {name: one for name, one in variables.items() if f"${name}" in expression}
        result = program.evaluate(None, {name: _from_json(one) for name, one in named.items()})
    except Exception as error:  # the library lets Python's own errors through
        raise QueryError(f"threw an error during evaluation. {_describe(error)}") from error
    if result is None:
        raise QueryError("returned nothing (undefined).")
    return _to_json(result)


def _program(expression: str) -> Jsonata:
    """The expression, with an environment of its own, as the program of this thread."""
    program = copy.copy(_parsed(expression))
    program.environment = program.create_frame(Jsonata.static_frame)
    program.set_output_convert_nulls(False)  # else null and undefined are both None
    for name, function in _FUNCTIONS.items():
        program.register_lambda(name, function)
    program.environment.bind("eval", None)  # Step Functions doesn't have $eval
    Jsonata.CURRENT.jsonata = program
    return program


@lru_cache(maxsize=_KEPT)
def _parsed(expression: str) -> Jsonata:
    """The parsed expression, which evaluations read and don't change.

    Parsing takes most of the time of an evaluation.
    """
    return Jsonata(expression)


def _describe(error: Exception) -> str:
    code = getattr(error, "error", None)
    return f"{code}: {error}" if code else str(error)


def _from_json(value: Json) -> Json:
    """A copy with the library's null in place of ``None``, which it takes for undefined."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        return {key: _from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_from_json(item) for item in value]
    return value


def _to_json(value: Json) -> Json:
    """A copy in plain Python types, so that no result shares state with the variables."""
    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_to_json(value[index]) for index in range(len(value))]
    if isinstance(value, str | bool | int | float):
        return value
    raise QueryError("returned an unsupported result type.")


def _partition(array: list[Any] | None, size: float) -> list[list[Any]] | None:
    if array is None:
        return None
    items = array if isinstance(array, list) else [array]
    step = math.floor(size)
    if step < 1:
        raise JException("D3137", -1, f"$partition needs a chunk size of at least 1, not {size}")
    return [items[start : start + step] for start in range(0, len(items), step)]


def _range(first: float, last: float, step: float = 1) -> float | list[float]:
    if step == 0:
        raise JException("D3137", -1, "$range needs a step that is not 0")
    numbers = [first + index * step for index in range(math.floor((last - first) / step) + 1)]
    return numbers[0] if len(numbers) == 1 else numbers  # a sequence: one value is that value


def _hash(data: Json, algorithm: str = "SHA-256") -> str | None:
    if data is None:
        return None
    if algorithm not in _HASHES:
        raise JException("D3137", -1, f"$hash needs one of {', '.join(_HASHES)}, not {algorithm}")
    text = data if isinstance(data, str) else Functions.string(data, None)
    return _HASHES[algorithm](text.encode()).hexdigest()


def _random(seed: float | None = None) -> float:
    return random.Random(seed).random()  # noqa: S311 - a workflow's dice, not a secret


def _uuid() -> str:
    return str(uuid.uuid4())


def _parse(text: str | None) -> Json:
    if text is None:
        return None
    try:
        return _from_json(json.loads(text))
    except ValueError as error:
        raise JException("D3137", -1, f"$parse needs JSON: {error}") from error


_FUNCTIONS = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": _uuid,
    "parse": _parse,
}
