"""Settings of a model: the SavedModel, its handler, its packages and its environment variables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch_cdk.errors import SettingsError, require
from tfbatch_handler import variable
from tfbatch_handler.environment import Settings
from tfbatch_handler.signature import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOCKS = Path(__file__).resolve().parents[1] / "model" / "locks"
HANDLER_LOCK = _LOCKS / "handler.lock"
"""Packages that make the handler faster."""
TIFF_LOCK = _LOCKS / "handler-tiff.lock"
"""The same and Pillow, with which the handler reads TIFF."""
HEIC_LOCK = _LOCKS / "handler-heic.lock"
"""The same and pi-heif, with which it reads HEIC too."""

NAME = re.compile(r"[a-z0-9](-*[a-z0-9]){0,39}")
VARIABLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,1023}")
_MAX_VARIABLE = 1024
"""Limit of CreateModel for the value of an environment variable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A SavedModel to serve, and what its handler writes for each record."""

    name: str
    """An execution selects the model by this name: lower-case letters, digits and hyphens."""

    directory: Path
    """Holds ``<version>/saved_model.pb`` and, if there are class names, ``labels.txt``. A relative
    path starts at the working directory, which is the project's in every ``cdk`` command."""

    signature: str = DEFAULT
    """The SavedModel's signature to serve."""

    handler: Settings = field(default_factory=Settings)
    """How the handler reads and answers records; the class describes every choice."""

    code: Path | None = None
    """Folder of your own code for the container, such as ``Path("model_code")``. Its files go to
    ``code/`` of the artifact beside the library's handler: ``formats/*.py`` are formats of your
    own, ``requirements.lock`` lists packages of your own with versions and hashes, and an
    ``inference.py`` replaces the library's. ``None``: the library's code only."""

    requirements: Path | None = HANDLER_LOCK
    """Lock file of the handler's own packages, with versions and hashes. Synthesis unpacks them to
    ``code/lib`` for the container's Python. ``None``: no packages."""

    needs_approval: bool = True
    """If the lock names a model package of SageMaker Model Registry: whether ``cdk deploy`` stops
    if the package isn't approved any more. ``False`` is for emergencies: the model's files must be
    here, or deployed before."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """More container variables, such as ``SAGEMAKER_TFS_ENABLE_BATCHING``. They override the
    variables that are derived from other settings."""

    def __post_init__(self) -> None:
        """Refuse values that CreateModel or the handler refuses."""
        require(
            NAME.fullmatch(self.name) is not None,
            self,
            "name",
            "use lower-case letters, digits and single hyphens, at most 40 characters",
        )
        require(
            self.handler.signature in {DEFAULT, self.signature},
            self,
            "signature",
            f"Model.handler.signature = {self.handler.signature!r} is another: set "
            "Model.signature only",
        )
        for name, value in self.variables().items():
            require(
                VARIABLE.fullmatch(name) is not None and len(value) <= _MAX_VARIABLE,
                self,
                "environment",
                f"CreateModel admits names of letters, digits and underscores, and values of at "
                f"most {_MAX_VARIABLE} characters; {name} has {len(value)}",
            )
        try:
            Settings.parse(self.variables())
        except variable.SettingError as error:
            raise SettingsError(f"Model.environment: {error}") from error

    def variables(self) -> dict[str, str]:
        """The container's variables: those of the handler, overridden by ``environment``."""
        return self.settings().variables() | dict(self.environment)

    def settings(self) -> Settings:
        """The handler's settings, with the signature."""
        return replace(self.handler, signature=self.signature)
