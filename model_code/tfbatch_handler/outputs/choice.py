"""Chooses the output of predictions by the settings and the signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_handler.outputs import output, top_k

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch_handler.environment import Settings
    from tfbatch_handler.signature import Signature


def output_of(signature: Signature, settings: Settings, *, code: Path) -> output.Output:
    """Choose the output of predictions.

    Args:
        signature: outputs of the servable.
        settings: settings of the deployer.
        code: the folder with the labels.

    Raises:
        SignatureError: the servable doesn't have the output.
    """
    if settings.output == "raw":
        return output.Raw()
    if settings.output == "fields":
        return output.fields_of(signature, settings.fields)
    labels = top_k.read_labels(code / settings.labels)
    return top_k.top_k_of(signature, k=settings.top_k, labels=labels)


def keys_problem(chosen: output.Output) -> str:
    """Why lines of an output can't have key fields; empty if they can."""
    if not isinstance(chosen, output.Fields) or "key" not in chosen.names:
        return ""
    return (
        "a line's key fields are in its field 'key', and an output has that name: give the output "
        f"another one, fields={{'value': {chosen.names['key']!r}}}"
    )
