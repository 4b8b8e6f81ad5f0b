"""Checks the code that a project brings for the container: its formats and its packages.

Nothing is imported: the code runs in the container, with packages that this Python may lack.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tfbatch_cdk.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch_cdk.settings import Model

LOCK = "requirements.lock"
"""Packages of one's own, with versions and hashes. Synthesis unpacks them to ``code/lib``."""
_FORMATS = "formats"
_PARTS = ("CONTENT_TYPES", "decode")
"""What ``tfbatch_handler.formats`` needs of a format."""


def locks(model: Model) -> list[Path]:
    """The lock files of the packages in ``code/lib``: the handler's and the project's own."""
    own = [] if model.code is None else [model.code / LOCK]
    handlers = [] if model.requirements is None else [model.requirements]
    return [*handlers, *(lock for lock in own if lock.is_file())]


def checked(folder: Path) -> Path:
    """The folder, if the handler can load its formats.

    Raises:
        SettingsError: there is no such folder, or a module in ``formats/`` isn't valid Python or
            lacks ``CONTENT_TYPES`` or ``decode``.
    """
    if not folder.is_dir():
        raise SettingsError(
            f"Model.code = {str(folder)!r}: there is no such folder in the working directory; name "
            "the folder with your formats, or use None for the library's code only"
        )
    for module in sorted((folder / _FORMATS).glob("[!_]*.py")):
        _check(module)
    return folder


def content_types(model: Model) -> frozenset[str] | None:
    """The content types of the project's own formats.

    Returns:
        ``None`` if they can't be known without running the code: they aren't written as literals,
            or the project has a handler of its own.
    """
    if model.code is None:
        return frozenset()
    if (model.code / "tfbatch_handler").is_dir():
        return None
    found: set[str] = set()
    for module in sorted((model.code / _FORMATS).glob("[!_]*.py")):
        for statement in ast.parse(module.read_bytes()).body:
            if "CONTENT_TYPES" in _names([statement]):
                value = getattr(statement, "value", None)
                if not isinstance(value, ast.Tuple | ast.List):
                    return None
                kinds = [getattr(element, "value", None) for element in value.elts]
                if not all(isinstance(kind, str) for kind in kinds):
                    return None
                found |= {str(kind).lower() for kind in kinds}
    return frozenset(found)


def _check(module: Path) -> None:
    try:
        body = ast.parse(module.read_bytes(), filename=str(module)).body
    except (SyntaxError, ValueError) as error:
        raise SettingsError(f"{module}: not valid Python: {error}") from None
    missing = [name for name in _PARTS if name not in _names(body)]
    if missing:
        raise SettingsError(
            f"{module}: a format needs {' and '.join(missing)} at the top of the module, as "
            "docs/handler.md shows; a module that is no format starts with an underscore"
        )


def _names(body: list[ast.stmt]) -> set[str]:
    """The names that statements bind at the top of a module."""
    found: set[str] = set()
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name):
                found.add(name)
            case ast.Assign(targets=targets):
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.ImportFrom(names=names):
                found |= {one.asname or one.name for one in names}
            case _:
                pass
    return found
