"""Unpacks ``model.tar.gz`` into the folder that stands for ``/opt/ml/model``."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tfbatch_sandbox.transform import untar
from tfbatch_sandbox.transform.failure import JobFailure

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch_sandbox.transform.s3.location import Location
    from tfbatch_sandbox.transform.s3.store import Store


def fetch_artifact(location: Location | None, folder: Path, store: Store) -> Path:
    """Download and unpack an artifact. A model without one gets an empty folder.

    Raises:
        JobFailure: it can't be read, or a member would leave the folder.
    """
    model = folder / "model"
    model.mkdir(parents=True, exist_ok=True)
    if location is None:
        return model
    archive = folder / "model.tar.gz"
    try:
        store.download(location, archive)
    except (BotoCoreError, ClientError) as error:
        raise JobFailure(
            f"ClientError: Failed to download model data from {location.uri}: {error}"
        ) from error
    try:
        with tarfile.open(archive, "r:gz") as tar:
            untar.extract(tar, model)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise JobFailure(
            f"ClientError: Failed to extract model data archive from {location.uri}: {error}"
        ) from error
    finally:
        archive.unlink(missing_ok=True)
    return model
