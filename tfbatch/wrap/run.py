"""Wraps a model: fetches it, wraps it, compares both, and writes the result."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.export.quiet import quiet
from tfbatch.models import source as sources
from tfbatch.terminal.problem import Problem
from tfbatch.wrap.plan import plan
from tfbatch_handler import signature as signatures
from tfbatch_handler.signature import Signature, SignatureError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfbatch.wrap.checking import Agreement
    from tfbatch.wrap.plan import Options, Plan

_LABELS = "labels.txt"
_VERSION = "1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrapped:
    """A wrapped model."""

    before: Signature
    after: Signature
    plan: Plan
    agreement: Agreement


def wrap(source: str, target: Path, options: Options, *, photos: Sequence[bytes]) -> Wrapped:
    """Write a model that wraps another one.

    Args:
        source: see :func:`tfbatch.models.source.bring`.
        target: the new model's folder, which must not exist; it gets ``1/saved_model.pb``, and
            the original's ``labels.txt``.
        options: what to put into the graph.
        photos: encoded images to compare both with; without any, generated ones.

    Raises:
        Problem: the options don't fit the model, it can't be loaded, or the wrapped model predicts
            otherwise.
    """
    if target.exists():
        raise Problem(f"DST = {target}: it exists; delete it, or name another folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as folder:
        original, new = Path(folder, "original"), Path(folder, "new")
        original.mkdir()
        sources.bring(source, original, labels=_LABELS)
        (version,) = (path.parent for path in original.glob("*/saved_model.pb"))
        found = _read(version, source)
        chosen = plan(found, options)
        agreement = _write(version, new / _VERSION, chosen, photos)
        if (original / _LABELS).is_file():
            shutil.copy(original / _LABELS, new / _LABELS)
        after = signatures.read_saved_model(new / _VERSION)[signatures.DEFAULT]
        new.rename(target)
    return Wrapped(before=found[options.signature], after=after, plan=chosen, agreement=agreement)


def _read(version: Path, source: str) -> dict[str, Signature]:
    try:
        return signatures.read_saved_model(version)
    except SignatureError as error:
        raise Problem(f"{source}: {error}") from error


def _write(version: Path, target: Path, chosen: Plan, photos: Sequence[bytes]) -> Agreement:
    with quiet():
        import tensorflow as tf  # noqa: PLC0415 # seconds

        from tfbatch.wrap import checking, wrapper  # noqa: PLC0415 # they import TensorFlow

        try:
            original = tf.saved_model.load(str(version))
        except (AttributeError, ValueError, OSError, tf.errors.OpError) as error:
            raise Problem(
                f"TensorFlow {tf.__version__} can't load the model as an object: {error}. Load it "
                "where it was made, and save it again with its signature alone."
            ) from error
        made = wrapper.Wrapper(original, chosen)
        wrapper.save(made, target)
        return checking.compare(made, target, chosen, photos)
