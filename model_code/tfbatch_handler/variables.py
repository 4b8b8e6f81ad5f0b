"""Finds variables that a signature reads and that loading the SavedModel doesn't restore.

TensorFlow Serving runs the graph's restore and initialization operations, and nothing else.
Python's ``tf.saved_model.load`` restores objects instead, and so hides it when they name another
variable than the signature: https://github.com/keras-team/keras/issues/20096.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tfbatch_handler.protobuf import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# tensorflow/core: protobuf/meta_graph.proto, saver.proto; framework/graph.proto, node_def.proto
_GRAPH, _SAVER, _COLLECTIONS, _SIGNATURES = 2, 3, 4, 5
_RESTORE_OPERATION: Final = 3
_VARIABLE: Final = b"VarHandleOp"
_INITIALIZERS: Final = frozenset(("__saved_model_init_op", "saved_model_main_op", "legacy_init_op"))
"""A signature, and the collections of TensorFlow 1."""


class _Node(NamedTuple):
    inputs: tuple[str, ...]
    """Names of nodes."""
    variable: str
    """The variable whose handle it is; empty for other operations."""


def unrestored(
    meta_graph: memoryview, outputs: Mapping[str, Iterable[str]]
) -> dict[str, list[str]]:
    """The variables that have no value after loading.

    Args:
        meta_graph: a serialized MetaGraphDef.
        outputs: the tensors that each signature computes, by its name.

    Returns:
        Names of variables in order, for the signatures that read some.
    """
    if _VARIABLE not in bytes(meta_graph):
        return {}
    graph = next(wire.messages(meta_graph, _GRAPH), memoryview(b""))
    nodes = dict(map(_node, wire.messages(graph, 1)))
    restored = _variables(nodes, _loading(meta_graph))
    found = {
        name: sorted(_variables(nodes, tensors) - restored) for name, tensors in outputs.items()
    }
    return {name: missing for name, missing in found.items() if missing}


def _node(data: memoryview) -> tuple[str, _Node]:
    name, operation, inputs, attributes = "", b"", list[str](), list[memoryview]()
    for number, _, value in wire.fields(data):
        if isinstance(value, int):
            continue
        if number == 1:
            name = str(value, "utf-8", "replace")
        elif number == 2:  # noqa: PLR2004  the operation
            operation = bytes(value)
        elif number == 3:  # noqa: PLR2004  an input
            inputs.append(str(value, "utf-8", "replace").lstrip("^").partition(":")[0])
        elif number == 5:  # noqa: PLR2004  an attribute
            attributes.append(value)
    variable = (_shared_name(attributes) or name) if operation == _VARIABLE else ""
    return name, _Node(tuple(inputs), variable)


def _shared_name(attributes: Iterable[memoryview]) -> str:
    for attribute in attributes:
        if wire.text(attribute, 1) == "shared_name":
            return wire.text(next(wire.messages(attribute, 2), memoryview(b"")), 2)
    return ""


def _loading(meta_graph: memoryview) -> set[str]:
    """The operations that run when the model is loaded."""
    saver = next(wire.messages(meta_graph, _SAVER), memoryview(b""))
    found = {wire.text(saver, _RESTORE_OPERATION)}
    for name, signature in wire.entries(meta_graph, _SIGNATURES):
        if name in _INITIALIZERS:
            found.update(wire.text(info, 1) for _, info in wire.entries(signature, 2))
    for name, collection in wire.entries(meta_graph, _COLLECTIONS):
        if name in _INITIALIZERS:
            nodes = next(wire.messages(collection, 1), memoryview(b""))
            found.update(str(one, "utf-8", "replace") for one in wire.messages(nodes, 1))
    return found


def _variables(nodes: Mapping[str, _Node], roots: Iterable[str]) -> set[str]:
    """The variables on the way to some tensors or operations."""
    seen: set[str] = set()
    ahead = [root.partition(":")[0] for root in roots]
    while ahead:
        name = ahead.pop()
        if name not in seen and name in nodes:
            seen.add(name)
            ahead += nodes[name].inputs
    return {nodes[name].variable for name in seen} - {""}
