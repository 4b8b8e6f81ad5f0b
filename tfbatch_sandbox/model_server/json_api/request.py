"""Parses the JSON body of a predict request, with TensorFlow Serving's rules and messages.

Source: TensorFlow Serving's ``util/json_tensor.cc`` and its REST API guide.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from tfbatch_sandbox.model_server.json_api.values import (
    debug_string,
    is_b64_object,
    to_array,
)
from tfbatch_sandbox.model_server.tensorflow.status import StatusError, invalid_argument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tfbatch_sandbox.model_server.tensorflow.dtypes import Array
    from tfbatch_sandbox.model_server.tensorflow.servable import Signature


class Format(Enum):
    """The layout of a request's values, and of its reply."""

    ROW = "predictions"
    COLUMN = "outputs"


def parse_json(body: bytes) -> dict[str, Any]:
    """Parse the body as an object.

    Raises:
        StatusError: INVALID_ARGUMENT, it isn't one.
    """
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    try:
        document = json.loads(body)
        if b"\\ud" in body.lower():
            json.dumps(document, ensure_ascii=False).encode()
    except RecursionError as error:
        raise invalid_argument("JSON Parse error: the document is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise invalid_argument(
            f"JSON Parse error: Invalid encoding in string. at offset: {error.start}"
        ) from error
    except UnicodeEncodeError as error:
        raise invalid_argument(
            "JSON Parse error: The surrogate pair in string is invalid."
        ) from error
    except json.JSONDecodeError as error:
        raise invalid_argument(
            f"JSON Parse error: Invalid value. at offset: {error.pos}"
        ) from error
    except ValueError as error:  # more digits than Python converts
        raise invalid_argument(
            "JSON Parse error: Number too big to be stored in double."
        ) from error
    if not isinstance(document, dict):
        raise invalid_argument(f"JSON Value: {debug_string(document)} Is not object")
    return document


def signature_name(document: dict[str, Any]) -> str:
    """The signature that a request names; empty: the default.

    Raises:
        StatusError: INVALID_ARGUMENT, the name isn't a string.
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument(
            f"JSON Value: {debug_string(document)} not formatted correctly."
            " 'signature_name' key must be a string value."
        )
    return name


def parse_predict(
    body: bytes, find_signature: Callable[[str], Signature]
) -> tuple[Signature, dict[str, Array], Format]:
    """A predict request's signature, its inputs by name, and its format.

    Args:
        body: UTF-8 JSON with ``instances`` or ``inputs``, and maybe ``signature_name``.
        find_signature: finds a signature by name; the empty name is the default.

    Raises:
        StatusError: INVALID_ARGUMENT, with TensorFlow Serving's message.
    """
    document = parse_json(body)
    signature = find_signature(signature_name(document))
    if "instances" in document and "inputs" in document:
        raise invalid_argument(
            f"JSON Value: {debug_string(document)} Not formatted correctly expecting only"
            " one of 'inputs' or 'instances' keys to exist "
        )
    if "instances" in document:
        return signature, _rows(document, signature), Format.ROW
    if "inputs" in document:
        return signature, _columns(document["inputs"], signature), Format.COLUMN
    raise invalid_argument("Missing 'inputs' or 'instances' key")


def _rows(document: dict[str, Any], signature: Signature) -> dict[str, Array]:
    instances = document["instances"]
    if not isinstance(instances, list):
        raise invalid_argument(
            f"JSON Value: {debug_string(document)} Expecting 'instances' to be an list/array"
        )
    if not instances:
        raise invalid_argument(
            f"JSON Value: {debug_string(document)} No values in 'instances' array"
        )
    if not isinstance(instances[0], dict) and len(signature.inputs) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    if _is_object(instances[0]):
        columns = _columns_of_objects(instances, signature)
        keys: Mapping[str, str | None] = {name: name for name in columns}
    else:
        columns = {next(iter(signature.inputs)): _plain_values(instances)}
        keys = dict.fromkeys(columns)
    return {
        name: _stack(values, signature.inputs[name].dtype, key=keys[name])
        for name, values in columns.items()
    }


def _is_object(value: object) -> bool:
    return isinstance(value, dict) and not is_b64_object(value)


def _plain_values(instances: list[Any]) -> list[Any]:
    for item, value in enumerate(instances):
        if _is_object(value):
            raise invalid_argument(
                f"Expecting value/list but got object at item {item} of input list"
            )
    return instances


def _columns_of_objects(instances: list[Any], signature: Signature) -> dict[str, list[Any]]:
    for item, instance in enumerate(instances):
        if not _is_object(instance):
            raise invalid_argument(f"Expecting object but got list at item {item} of input list")
        if instance.keys() != signature.inputs.keys():
            raise _wrong_keys(item, instance, signature)
    return {name: [instance[name] for instance in instances] for name in signature.inputs}


def _wrong_keys(item: int, instance: dict[str, Any], signature: Signature) -> StatusError:
    for name in instance:
        if name not in signature.inputs:
            return invalid_argument(
                f"Failed to process element: {item} key: {name} of 'instances' list. Error: "
                f"INVALID_ARGUMENT: JSON object: does not have named input: {name}"
            )
    return invalid_argument(
        f"Failed to process element: {item} of 'instances' list. JSON object: "
        f"{debug_string(instance)} keys must be equal to: {','.join(signature.inputs)}"
    )


def _stack(values: list[Any], data_type: int, *, key: str | None) -> Array:
    """One array of all instances, which must have one shape."""
    whole = _stack_at_once(values, data_type)
    if whole is not None:
        return whole
    arrays: list[Array] = []
    for item, value in enumerate(values):
        try:
            array = to_array(value, data_type)
            _check_shape(arrays[0] if arrays else array, array)
        except StatusError as error:
            named = f" key: {key}" if key is not None else ""
            raise invalid_argument(
                f"Failed to process element: {item}{named} of 'instances' list. Error: {error}"
            ) from error
        arrays.append(array)
    return np.stack(arrays)


def _stack_at_once(values: list[Any], data_type: int) -> Array | None:
    """The common case, at NumPy's speed: a rectangle of numbers that fit the type."""
    if not isinstance(values[0], list):
        return None
    try:
        return to_array(values, data_type)
    except StatusError:
        return None  # the careful way reports the wrong element


def _check_shape(first: Array, other: Array) -> None:
    if first.size != other.size:
        raise invalid_argument(f"Expecting tensor size: {first.size} but got: {other.size}")
    if first.shape != other.shape:
        wanted, got = ("[" + ",".join(map(str, array.shape)) + "]" for array in (first, other))
        raise invalid_argument(f"Expecting shape {wanted} but got: {got}")


def _columns(value: object, signature: Signature) -> dict[str, Array]:
    if not _is_object(value):
        if len(signature.inputs) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple "
                "input tensors required as per tensorinfo_map"
            )
        ((name, info),) = signature.inputs.items()
        return {name: to_array(value, info.dtype)}
    assert isinstance(value, dict)  # noqa: S101 (told to the type checker)
    columns = {}
    for name, info in signature.inputs.items():
        if name not in value:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
        columns[name] = to_array(value[name], info.dtype)
    return columns
