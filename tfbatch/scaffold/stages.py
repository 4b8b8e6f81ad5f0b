"""Rewrites the stages so that they serve a model of one's own, in the formats that it can take."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.inspect.inspection import inspect
from tfbatch.terminal.problem import Problem
from tfbatch_handler.outputs.top_k import top_k_of
from tfbatch_handler.signature import DEFAULT, SignatureError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.inspect.inspection import Inspected
    from tfbatch_handler.signature import Signature

_LINES = 'split_type="Line", batch_strategy="MultiRecord"'
_FORMATS = {
    "image/jpeg": ("jpeg", 'Format(content_type="image/jpeg")'),
    "application/jsonlines": (
        "jsonl",
        f'Format(\n        content_type="application/jsonlines", {_LINES}\n    )',
    ),
    "text/plain": ("text", f'Format(content_type="text/plain", {_LINES})'),
    "text/csv": (
        "csv",
        f'Format(content_type="text/csv", {_LINES})',
    ),
    "application/x-tfexample": (
        "tfrecord",
        'Format(content_type="application/x-tfexample", split_type="TFRecord")',
    ),
    "application/x-npy": ("npy", 'Format(content_type="application/x-npy")'),
}
"""Content type -> name of the format in a new project, and its settings."""
_WITH_HEADER = 'Format(content_type="text/csv; header=present")'
"""CSV for several inputs: a header names them, so that an object is one request."""
_TOP_K = 'Handler(output="top_k")'
_DEMO, _OWN = "_DEMO_MODEL", "_MODEL"


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnModel:
    """The model of a new project, in ``models/<name>/1``."""

    name: str
    formats: Mapping[str, str]
    """Name -> settings, as Python."""
    handler: str
    """The handler's settings, as Python; empty for the defaults."""


def own_model(directory: Path, *, name: str) -> OwnModel:
    """Find out what a SavedModel takes.

    Args:
        directory: ``models/NAME``.
        name: of the model.

    Raises:
        Problem: the handler can't serve it.
        FileStoreError: there is no SavedModel.
    """
    found = inspect(str(directory), features={})
    if not found.is_servable:
        raise Problem(f"The handler can't serve the model {name!r}: {found.problem}")
    signature = found.signatures[DEFAULT]
    return OwnModel(
        name=name,
        formats=_formats(found),
        handler=_TOP_K if found.labels and _gives_scores(signature) else "",
    )


def _gives_scores(signature: Signature) -> bool:
    """Whether the handler can choose the likeliest classes."""
    try:
        top_k_of(signature, k=1, labels=())
    except SignatureError:
        return False
    return True


def model_name(source: str) -> str:
    """A model's name, as ``tfbatch_cdk.settings.Model`` admits it, by the end of its source."""
    parts = [part for part in source.split("/") if part not in {"", "."}] or [Path.cwd().name]
    last = next((part for part in reversed(parts) if not part.isdecimal()), "")
    folder = re.sub(r"(\.tar\.gz|\.tgz|\.tar)$", "", last)
    return re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")[:40].strip("-") or "model"


def _formats(found: Inspected) -> dict[str, str]:
    """The formats for the records that a model takes."""
    kinds = {kind for kinds in found.records for kind in kinds.split(", ")}
    formats = dict(_FORMATS[kind] for kind in _FORMATS if kind in kinds)
    if "csv" in formats and len(found.signatures[DEFAULT].inputs) > 1:
        formats["csv"] = _WITH_HEADER
    return formats


def with_model(text: str, model: OwnModel) -> str:
    """The text of ``stages.py`` with another model and its formats."""
    formats = "".join(f'    "{name}": {settings},\n' for name, settings in model.formats.items())
    handler = f"    handler={model.handler},\n" if model.handler else ""
    settings = (
        f'    name="{model.name}",\n    directory=Path("models/{model.name}"),\n'
        f'    code=Path("model_code"),\n{handler}'
    )
    text = _replaced(text, "_FORMATS", f"_FORMATS = {{\n{formats}}}")
    text = _replaced(text, _DEMO, f"{_OWN} = Model(\n{settings})").replace(_DEMO, _OWN)
    for unused in ("JPEG", "TFRECORD"):
        text = _replaced(text, unused, "")
    if not handler:
        text = re.sub(r"from tfbatch_handler\.environment import .*\n", "", text)
    return re.sub(r"\n{3,}(?=_FORMATS)", "\n\n", text)


def _replaced(text: str, name: str, by: str) -> str:
    """Replace the assignment of a name, and the docstring below it."""
    body = ast.parse(text).body
    lines = text.splitlines(keepends=True)
    for number, statement in enumerate(body):
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            after = body[number + 1]
            is_docstring = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            last = after.end_lineno if is_docstring else statement.end_lineno
            return "".join([*lines[: statement.lineno - 1], f"{by}\n", *lines[last:]])
    raise LookupError(f"stages.py assigns no {name}")
