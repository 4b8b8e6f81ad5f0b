"""Inspects a SavedModel from its files, without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.files.file_store import FileStoreError
from tfbatch.inspect import mapping
from tfbatch.inspect.advice import advice
from tfbatch.inspect.content import SAVED_MODEL, content
from tfbatch_handler import signature as signatures
from tfbatch_handler.protobuf.wire import WireError
from tfbatch_handler.signature import SignatureError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.inspect.content import Content
    from tfbatch_handler.signature import Signature

_WARM_UP = "assets.extra/tf_serving_warmup_requests"


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspected:
    """The result of an inspection."""

    where: str
    folder: str
    """Folder of the SavedModel that is served."""
    others: tuple[str, ...]
    """Folders of other SavedModels."""
    tensorflow: str
    """The TensorFlow version that wrote it; empty if unknown."""
    size: int
    """Bytes of the SavedModel."""
    files: int
    signatures: Mapping[str, Signature]
    served: str
    """Name of the one that is served."""
    problem: str
    """Why the handler can't serve it; empty if it can."""
    records: Mapping[str, str]
    """Content type -> how a record becomes the inputs."""
    scores: str
    """The output that ``top_k`` uses."""
    advice: tuple[str, ...]
    """What is odd about it, and how to export a better one."""
    labels: int | None
    """Its class names."""
    has_warm_up: bool
    has_handler: bool | None
    """Whether an archive has the handler's code; ``None`` for a folder."""

    @property
    def is_servable(self) -> bool:
        """Whether the handler can serve it."""
        return not self.problem


def inspect(
    where: str, *, features: Mapping[str, str], signature: str = signatures.DEFAULT
) -> Inspected:
    """Inspect a model.

    Args:
        where: see :func:`tfbatch.inspect.content.content`.
        features: input -> tf.Example feature, if they differ.
        signature: name of the signature to serve.

    Raises:
        FileStoreError: there is no model, or its ``saved_model.pb`` can't be read.
    """
    found = content(where)
    folder, *others = found.folders()
    try:
        read = signatures.parse_saved_model(found.texts[folder + SAVED_MODEL])
    except (WireError, SignatureError) as error:
        raise FileStoreError(f"{where}: {folder}{SAVED_MODEL}: {error}") from error
    chosen, problem = _servable(read, features, signature)
    files = [size for name, size in found.sizes.items() if name.startswith(folder)]
    labels = found.labels()
    return Inspected(
        where=where,
        folder=folder,
        others=tuple(others),
        tensorflow=next((one.tensorflow_version for one in read.values()), ""),
        size=sum(files),
        files=len(files),
        signatures=read,
        served=signature,
        problem=problem,
        records=mapping.records(chosen, features) if chosen else {},
        scores=mapping.scores(chosen) if chosen else "",
        advice=tuple(advice(chosen)) if chosen else (),
        labels=None if labels is None else len(labels.splitlines()),
        has_warm_up=folder + _WARM_UP in found.sizes,
        has_handler=_has_handler(found),
    )


def _servable(
    read: Mapping[str, Signature], features: Mapping[str, str], name: str
) -> tuple[Signature | None, str]:
    try:
        return signatures.servable(read, features=features, name=name), ""
    except SignatureError as error:
        return None, str(error)


def _has_handler(found: Content) -> bool | None:
    return "code/inference.py" in found.sizes if found.is_archive else None
