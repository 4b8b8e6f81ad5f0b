"""Unpacks ``model.tar.gz`` into the folder that stands for ``/opt/ml/model``.

The jobs of a sandbox download and unpack an artifact once. Each gets a copy, because a handler may
write into its folder.
"""

from __future__ import annotations

import compileall
import contextlib
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from tfbatch_sandbox.transform import untar
from tfbatch_sandbox.transform.failure import JobFailure

if TYPE_CHECKING:
    from tfbatch_sandbox.transform.s3.location import Location
    from tfbatch_sandbox.transform.s3.store import Store, StoredObject

ARTIFACTS: Final = "SANDBOX_ARTIFACTS"
"""Environment variable: the folder of unpacked artifacts. Without it each job unpacks its own."""
_PACKAGES: Final = re.compile(r"/code/lib/")
"""Not compiled: a container imports a small part of them."""


def fetch_artifact(location: Location | None, folder: Path, store: Store) -> Path:
    """Download and unpack an artifact. A model without one gets an empty folder.

    Raises:
        JobFailure: it can't be read, or a member would leave the folder.
    """
    model = folder / "model"
    model.mkdir(parents=True, exist_ok=True)
    if location is None:
        return model
    try:
        found = store.head(location)  # with the job's role, whether it is here already or not
    except (BotoCoreError, ClientError) as error:
        raise _not_read(location, error) from error
    if ARTIFACTS in os.environ:
        shared = _unpacked_once(Path(os.environ[ARTIFACTS]), found, store)
        shutil.copytree(shared, model, symlinks=True, dirs_exist_ok=True)
    else:
        _unpack(found, model, store)
    return model


def _unpacked_once(folder: Path, found: StoredObject, store: Store) -> Path:
    """The unpacked artifact, which nobody writes into. The first job that needs it makes it."""
    name = hashlib.sha256(f"{found.location.uri} {found.etag}".encode()).hexdigest()
    kept = folder / name
    if not kept.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as making:
            model = Path(making) / "model"
            model.mkdir()
            _unpack(found, model, store)
            compileall.compile_dir(model / "code", rx=_PACKAGES, quiet=2)
            with contextlib.suppress(OSError):  # another job was quicker
                model.rename(kept)
    return kept


def _unpack(found: StoredObject, model: Path, store: Store) -> None:
    """Download and unpack an artifact into a folder."""
    uri = found.location.uri
    archive = model.parent / "model.tar.gz"
    try:
        store.download(found, archive)
    except (BotoCoreError, ClientError) as error:
        raise _not_read(found.location, error) from error
    try:
        with tarfile.open(archive, "r:gz") as tar:
            untar.extract(tar, model)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise JobFailure(
            f"ClientError: Failed to extract model data archive from {uri}: {error}"
        ) from error
    finally:
        archive.unlink(missing_ok=True)


def _not_read(location: Location, error: Exception) -> JobFailure:
    return JobFailure(f"ClientError: Failed to download model data from {location.uri}: {error}")
