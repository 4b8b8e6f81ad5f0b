"""The settings of a sandbox, its account and its region."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"


class Choices(TypedDict, total=False):
    """The choices of :class:`Settings` that have defaults, as arguments."""

    port: int
    transform_command: tuple[str, ...]
    concurrent_transform_jobs: int
    transform_quotas: Mapping[str, int]
    model_server: str | None
    container_engine: str | None
    enforce_iam: bool
    portable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of one sandbox."""

    state_dir: Path
    """Folder of logs, transform jobs and functions. A later sandbox doesn't read it."""
    port: int = 0
    """Port on 127.0.0.1; 0 lets the kernel choose."""
    transform_command: tuple[str, ...] = (sys.executable, "-m", "tfbatch_sandbox.transform")
    """Command that runs one transform job. The job's directory is appended."""
    concurrent_transform_jobs: int = 4
    """Jobs that run at a time. Others stay InProgress without a start time, as on AWS while it
    finds instances."""
    transform_quotas: Mapping[str, int] = field(default_factory=dict)
    """Instances of each type that transform jobs may use at once, as ``{"ml.g5.xlarge": 2}``. Other
    types have no limit."""
    model_server: str | None = None
    """TensorFlow Serving's program (for example ``tensorflow_model_server`` on PATH), to run
    instead of the sandbox's model server."""
    container_engine: str | None = None
    """A Docker-compatible program (``docker``, ``podman``) that runs the models' images instead of
    the sandbox's container. It pulls them from the registries it is logged in to."""
    enforce_iam: bool = True
    """Whether calls of roles are denied unless policies allow them. Otherwise every role may do
    everything, and nothing is recorded."""

    portable: bool = False
    """Whether to use nothing that only Linux has, as on a Mac; see ``processes/system.py``."""

    @property
    def artifacts(self) -> Path:
        """Folder of unpacked artifacts, which is deleted with the sandbox."""
        return self.state_dir / "artifacts"

    def to_json(self) -> str:
        """The settings as one command line argument."""
        return json.dumps(asdict(self) | {"state_dir": str(self.state_dir)})

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """The settings from :meth:`to_json`."""
        values = json.loads(text)
        return cls(
            state_dir=Path(values["state_dir"]),
            port=values["port"],
            transform_command=tuple(values["transform_command"]),
            concurrent_transform_jobs=values["concurrent_transform_jobs"],
            transform_quotas=values["transform_quotas"],
            model_server=values["model_server"],
            container_engine=values["container_engine"],
            enforce_iam=values["enforce_iam"],
            portable=values["portable"],
        )
