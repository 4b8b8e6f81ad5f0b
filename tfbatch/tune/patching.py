"""Writes the settings that a search found as a patch of ``stacks/stages.py``."""

from __future__ import annotations

import ast
import difflib
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.tune.editing import Edit, EditError, Source, keyword

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The settings that a stage should have."""

    stage: str
    model: str
    format: str
    max_concurrent_transforms: int
    max_payload_mb: int
    environment: Mapping[str, str]
    """Further variables of the model's container."""
    records_per_second: float


def patch(path: Path, wanted: Wanted, *, shown: str) -> str:
    """The change of a stages file as a unified diff; empty if there is none.

    Args:
        path: the file.
        wanted: the settings.
        shown: its path in the repository.

    Raises:
        EditError: the file can't be edited automatically; says what to write.
    """
    before = path.read_text(encoding="utf-8")
    after = _formatted(_edited(before, wanted), path)
    _check(after, wanted, path)
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{shown}",
        f"b/{shown}",
    )
    return "".join(lines)


def _edited(text: str, wanted: Wanted) -> str:
    """Apply one edit after the other, because each moves the later text."""
    source = Source(_imported(text))
    for change in (_format, _model, _compute):
        source = source.applied(change(source, _stage(source, wanted), wanted))
    return source.text


def _stage(source: Source, wanted: Wanted) -> ast.Call:
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = keyword(node, "name")
            is_named = isinstance(name, ast.Constant) and name.value == wanted.stage
            if node.func.id == "Stage" and is_named:
                return node
    raise _by_hand(wanted, f"no Stage(name={wanted.stage!r}, …) stands in it")


def _format(source: Source, stage: ast.Call, wanted: Wanted) -> list[Edit]:
    """Change only this stage's format, because stages share formats."""
    values = {
        "max_payload_mb": str(wanted.max_payload_mb),
        "max_concurrent_transforms": str(wanted.max_concurrent_transforms),
    }
    formats = keyword(stage, "formats")
    if formats is None:
        raise _by_hand(wanted, "the stage has no formats")
    if isinstance(formats, ast.Dict):
        for key, value in zip(formats.keys, formats.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == wanted.format:
                return source.replaced(value, values)
    shared = formats.values[0] if isinstance(formats, ast.Dict) else formats
    name = f'"{wanted.format}"'
    keywords = ", ".join(f"{key}={value}" for key, value in values.items())
    entry = f"{name}: replace({source.of(shared)}[{name}], {keywords})"
    if isinstance(formats, ast.Dict):  # {**SHARED, "another": …}
        end = source.span(formats.values[-1])[1]
        return [Edit(end, end, f", {entry}")]
    return source.with_keywords(stage, {"formats": f"{{**{source.of(shared)}, {entry}}}"})


def _model(source: Source, stage: ast.Call, wanted: Wanted) -> list[Edit]:
    if not wanted.environment:
        return []
    models = keyword(stage, "models")
    names = [model.name for model in _stages(source.text)[wanted.stage].models]
    if not isinstance(models, ast.Tuple) or len(models.elts) != len(names):
        raise _by_hand(wanted, "the stage's models are not written as a tuple of them")
    number = names.index(wanted.model)
    before = _stages(source.text)[wanted.stage].models[number].environment
    merged = dict(sorted((dict(before) | dict(wanted.environment)).items()))
    return source.replaced(models.elts[number], {"environment": _dictionary(merged)})


def _dictionary(values: Mapping[str, str]) -> str:
    return json.dumps(dict(values), ensure_ascii=False)


def _compute(source: Source, stage: ast.Call, wanted: Wanted) -> list[Edit]:
    values = {"records_per_second": repr(wanted.records_per_second)}
    compute = keyword(stage, "compute")
    if compute is None:
        value = f"Compute(records_per_second={wanted.records_per_second!r})"
        return source.with_keywords(stage, {"compute": value})
    return source.replaced(compute, values)


def _imported(text: str) -> str:
    """Import ``replace``, which makes a changed value from another."""
    if re.search(r"^from dataclasses import .*\breplace\b", text, re.MULTILINE):
        return text
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if line.startswith("from dataclasses import "):
            lines[number] = line.rstrip("\n") + ", replace\n"
            return "".join(lines)
    future = next((n for n, line in enumerate(lines) if line.startswith("from __future__")), None)
    at = next(n for n, line in enumerate(lines) if line.startswith(("import ", "from ")))
    at = at if future is None else future + 1
    blank = "\n" if future is not None else ""
    return "".join([*lines[:at], f"{blank}from dataclasses import replace\n", *lines[at:]])


def _formatted(text: str, path: Path) -> str:
    """Format it by the formatter's configuration for ``path``, if the formatter is installed."""
    program = shutil.which("ruff")
    if program is None:
        return text
    for arguments in (["check", "--select", "F401,I", "--fix"], ["format"]):
        command = [program, *arguments, "--quiet", "--stdin-filename", str(path.resolve()), "-"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        text = done.stdout if done.returncode == 0 and done.stdout else text
    return text


def _stages(text: str) -> dict[str, Any]:
    """The stages of a module's text, by name."""
    names: dict[str, Any] = {"__name__": "stacks.stages_patched"}
    exec(compile(text, "stacks/stages.py", "exec"), names)  # noqa: S102 # the deployer's own file
    return {stage.name: stage for stage in names["STAGES"]}


def _check(text: str, wanted: Wanted, path: Path) -> None:
    """Check that the new text has the wanted settings, and other stages are unchanged."""
    before = _stages(path.read_text(encoding="utf-8"))
    try:
        now = _stages(text)
    except Exception as error:
        raise _by_hand(wanted, f"edited, it fails ({error})") from error
    stage = now[wanted.stage]
    found = stage.formats[wanted.format]
    model = next(one for one in stage.models if one.name == wanted.model)
    says_so = (
        found.max_concurrent_transforms == wanted.max_concurrent_transforms
        and found.max_payload_mb == wanted.max_payload_mb
        and stage.compute.records_per_second == wanted.records_per_second
        and dict(wanted.environment).items() <= dict(model.environment).items()
    )
    others = [name for name in before if name != wanted.stage and now.get(name) != before[name]]
    if not says_so or others:
        raise _by_hand(wanted, "the edited file would say something else")


def _by_hand(wanted: Wanted, why: str) -> EditError:
    return EditError(
        f"the file of stages can't be edited by a program: {why}. In stage {wanted.stage!r} set, "
        f"by hand, max_concurrent_transforms={wanted.max_concurrent_transforms} and "
        f"max_payload_mb={wanted.max_payload_mb} of the format {wanted.format!r}, "
        f"records_per_second={wanted.records_per_second} of compute"
        + (f", environment {dict(wanted.environment)} of the model" if wanted.environment else "")
    )
