"""Loads all versions of the models, and finds the one for a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tfbatch_sandbox.model_server.tensorflow.status import Code, StatusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tfbatch_sandbox.model_server.discovery import Model
    from tfbatch_sandbox.model_server.tensorflow.servable import Servable


@dataclass(slots=True)
class Version:
    """One version of a model, from START to AVAILABLE, or END with the reason."""

    path: Path
    state: str = "START"
    servable: Servable | None = None
    error: StatusError | None = None

    def load(self, load: Callable[[Path], Servable]) -> None:
        """Load it. A failure is stored, and other versions are loaded."""
        self.state = "LOADING"
        try:
            self.servable = load(self.path)
        except StatusError as error:
            self.state, self.error = "END", error
        else:
            self.state = "AVAILABLE"

    def status(self) -> dict[str, str]:
        """``StatusProto`` in its JSON form."""
        if self.error is None:
            return {"error_code": "OK", "error_message": ""}
        return {"error_code": self.error.code.name, "error_message": self.error.message}


@dataclass(frozen=True, slots=True)
class Models:
    """The versions of all models, by model name and number."""

    versions: dict[str, dict[int, Version]] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Iterable[Model]) -> Models:
        """All versions of the models found, not loaded yet."""
        return cls(
            {
                model.name: {number: Version(path) for number, path in model.versions().items()}
                for model in found
            }
        )

    def load(self, load: Callable[[Path], Servable]) -> None:
        """Load every version of every model."""
        for versions in self.versions.values():
            for version in versions.values():
                version.load(load)

    def failures(self) -> dict[str, StatusError]:
        """The versions that failed to load, by ``{name: … version: …}``."""
        return {
            f"{{name: {name} version: {number}}}": version.error
            for name, versions in self.versions.items()
            for number, version in versions.items()
            if version.error is not None
        }

    def servable(self, name: str, number: int | None) -> tuple[int, Servable]:
        """The requested version, or the highest available one.

        Raises:
            StatusError: NOT_FOUND.
        """
        available = {
            key: version.servable
            for key, version in self.versions.get(name, {}).items()
            if version.servable is not None
        }
        chosen = max(available, default=None) if number is None else number
        if chosen is None or chosen not in available:
            wanted = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise StatusError(Code.NOT_FOUND, f"Servable not found for request: {wanted}")
        return chosen, available[chosen]

    def states(self, name: str, number: int | None) -> dict[int, Version]:
        """One version or all, the highest first.

        Raises:
            StatusError: NOT_FOUND.
        """
        versions = self.versions.get(name, {})
        if number is None:
            if not versions:
                raise StatusError(Code.NOT_FOUND, f"Could not find any versions of model {name}")
            return dict(sorted(versions.items(), reverse=True))
        if number not in versions:
            raise StatusError(Code.NOT_FOUND, f"Could not find version {number} of model {name}")
        return {number: versions[number]}
