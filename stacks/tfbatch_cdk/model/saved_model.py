"""Reads a model's SavedModel: its newest version and its signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_cdk.errors import SettingsError
from tfbatch_handler import signature
from tfbatch_handler.outputs.choice import output_of

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch_cdk.settings import Model


def signature_of(model: Model) -> signature.Signature:
    """The signature that the handler serves.

    Raises:
        SettingsError: the handler doesn't support it, or it doesn't give the requested output.
    """
    try:
        found = signature.read_saved_model(newest_version(model))
        chosen = signature.servable(found, features=model.handler.features)
        output_of(chosen, model.handler, code=model.directory)
    except signature.SignatureError as error:
        raise SettingsError(f"Model.directory = {str(model.directory)!r}: {error}") from error
    return chosen


def is_mergeable(served: signature.Signature) -> bool:
    """Whether requests can be batched: every input has records of a fixed shape."""
    shapes = [tensor.shape for tensor in served.inputs.values()]
    return all(shape is not None and min(shape[1:], default=0) >= 0 for shape in shapes)


def newest_version(model: Model) -> Path:
    """The folder with the model's highest version number.

    Raises:
        SettingsError: the model's directory is missing or has no version.
    """
    where = f"Model.directory = {str(model.directory)!r}"
    if not model.directory.is_dir():
        raise SettingsError(
            f"{where}: there is no such directory. Export the model {model.name!r} there as "
            "<version>/saved_model.pb (`make model` exports the demo's), or name another"
        )
    found = sorted(path.name for path in model.directory.iterdir())
    versions = [path for path in model.directory.iterdir() if path.name.isdecimal()]
    if not versions:
        raise SettingsError(
            f"{where}: no folder with a version number for its name, such as 1, among "
            f"{found or 'nothing'}; TensorFlow Serving loads <version>/saved_model.pb only"
        )
    newest = max(versions, key=lambda path: int(path.name))
    if not (newest / "saved_model.pb").is_file():
        names = sorted(path.name for path in newest.iterdir())
        raise SettingsError(
            f"{where}: version {newest.name} has no saved_model.pb, only {names or 'nothing'}; "
            "export the model with tf.saved_model.save or keras's Model.export"
        )
    return newest
