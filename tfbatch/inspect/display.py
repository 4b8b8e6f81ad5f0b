"""Prints an inspection for people, or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch_handler.acceptance import takes_pixels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.inspect.inspection import Inspected
    from tfbatch_handler.signature import Signature, Tensor

_MEGABYTE = 1_000_000


def lines(found: Inspected) -> Iterator[str]:
    """The text for people."""
    version = (
        f"TensorFlow {found.tensorflow}" if found.tensorflow else "a TensorFlow that won't say"
    )
    folder = f" in {found.folder}" if found.folder else ""
    yield f"{found.where}: a SavedModel of {version}{folder}"
    yield f"  {found.size / 1e6:,.1f} MB in {found.files} files{_extras(found)}"
    if found.others:
        others = ", ".join(found.others)
        yield f"  also there, not served: {others}"
    for name in sorted(found.signatures, key=lambda name: (name != found.served, name)):
        yield ""
        yield from _signature(name, found.signatures[name])
    yield ""
    yield from _verdict(found)


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= _MEGABYTE else f"{count / 1e3:,.1f} kB"


def _extras(found: Inspected) -> str:
    extras = [
        f"{found.labels:,} class names" if found.labels is not None else "",
        "warm-up requests" if found.has_warm_up else "",
        {True: "the handler", False: "no handler (code/inference.py)", None: ""}[found.has_handler],
    ]
    told = ", ".join(filter(None, extras))
    return f"; with {told}" if told else ""


def _signature(name: str, signature: Signature) -> Iterator[str]:
    yield f"{name}  {signature.method}"
    rows = [("input", *one) for one in sorted(signature.inputs.items())]
    rows += [("output", *one) for one in sorted(signature.outputs.items())]
    width = max((len(row[1]) for row in rows), default=0)
    kind = max((len(str(row[2])) for row in rows), default=0)
    for role, key, tensor in rows:
        yield f"  {role:<6} {key:<{width}}  {tensor!s:<{kind}}  {tensor.name or 'sparse or ragged'}"


def _verdict(found: Inspected) -> Iterator[str]:
    if not found.is_servable:
        yield f"The handler can't serve it: {found.problem}"
        return
    yield f"The handler serves it, by {found.served}. A record is"
    width = max(map(len, found.records))
    for kind, record in found.records.items():
        yield f"  {kind:<{width}}  {record}"
    yield f"  {'output top_k':<{width}}  {found.scores}"
    yield from found.advice
    if takes_pixels(found.signatures[found.served]):
        yield f"To send it encoded images: tfbatch wrap {found.where} DST"


def document(found: Inspected) -> dict[str, Any]:
    """The document for programs."""
    return {
        "model": found.where,
        "folder": found.folder,
        "others": list(found.others),
        "tensorflow": found.tensorflow or None,
        "bytes": found.size,
        "files": found.files,
        "signatures": {
            name: {
                "method": one.method,
                "inputs": _tensors(one.inputs),
                "outputs": _tensors(one.outputs),
            }
            for name, one in found.signatures.items()
        },
        "servable": found.is_servable,
        "problem": found.problem or None,
        "records": dict(found.records),
        "top_k": found.scores or None,
        "advice": list(found.advice),
        "labels": found.labels,
        "warm_up": found.has_warm_up,
        "handler": found.has_handler,
    }


def _tensors(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    return {
        name: {
            "dtype": one.dtype,
            "shape": None if one.shape is None else list(one.shape),
            "tensor": one.name,
        }
        for name, one in sorted(tensors.items())
    }
