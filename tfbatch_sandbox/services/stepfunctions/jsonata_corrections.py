"""Corrects jsonata-python where it differs from the reference implementation of JSONata.

Each correction is a difference from npm's ``jsonata`` 2.0.6, the version that the Step Functions
developer guide names. ``jsonata_reference.json``, beside the tests, holds the reference results.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from jsonata import Jsonata
from jsonata.functions import Functions
from jsonata.jexception import JException
from jsonata.signature import Signature
from jsonata.utils import Utils

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from tfbatch_sandbox.services.json_type import Json

_NUMBER = re.compile(
    r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([Ee][-+]?[0-9]+)?|0[xX][0-9A-Fa-f]+|0[bB][01]+|0[oO][0-7]+"
)


def apply() -> None:
    """Patch the library; patching it again changes nothing."""
    if Functions.Encoder is not _Encoder:
        replace(Functions, "Encoder", _Encoder)
        replace(Signature, "get_symbol", _symbol)
        replace(Jsonata, "evaluate_includes_expression", _includes)
        replace(Jsonata, "evaluate_numeric_expression", _arithmetic)
        Jsonata.static_frame.lookup("distinct").method = _distinct
        Jsonata.static_frame.lookup("number").method = _number


class _Encoder(Functions.Encoder):
    """``$string`` and ``&`` keep characters outside of ASCII, in arrays and objects too."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - of json.JSONEncoder
        super().__init__(**options | {"ensure_ascii": False})


_original_symbol = Signature.get_symbol
_original_arithmetic = Jsonata.evaluate_numeric_expression


def _symbol(self: Signature, value: Json) -> str:
    """The letter of an argument's type in a signature: null is ``l``, not a missing argument."""
    if value is Utils.NULL_VALUE:
        return "l"
    letter: str = _original_symbol(self, value)
    return letter


def _includes(_self: Jsonata, left: Json, right: Json, _operator: str | None = None) -> bool:
    """``in`` compares as JavaScript's ``===``: ``1`` isn't ``true``, and objects by identity."""
    if left is None or right is None:
        return False
    items = right if isinstance(right, list) else [right]
    if isinstance(left, dict | list):
        return any(item is left for item in items)
    return any(Utils.is_deep_equal(item, left) for item in items)


def _arithmetic(self: Jsonata, left: Json, right: Json, operator: str) -> Json:
    """``%`` keeps fractions: ``5.5 % 2`` is 1.5."""
    result = _original_arithmetic(self, left, right, operator)
    if operator == "%" and result is not None:
        return Utils.convert_number(math.fmod(left, right))
    return result


def _distinct(values: Json) -> Json:
    """``$distinct`` tells ``1`` from ``true``."""
    if not isinstance(values, list) or len(values) <= 1:
        return values
    results = Utils.create_sequence() if isinstance(values, Utils.JList) else []
    for value in values:
        if not any(Utils.is_deep_equal(value, other) for other in results):
            results.append(value)
    return results


def _number(value: Json) -> Json:
    """``$number`` takes JSON's numbers, and no others that Python can read."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise JException("D3030", -1, value)
    return Functions.number(value)
