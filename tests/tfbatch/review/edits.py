"""The ways in which the golden pull requests change a checkout of this app."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def replace(checkout: Path, file: str, old: str, new: str) -> None:
    """Put ``new`` in the place of the first match of the pattern ``old``; there must be one."""
    path = checkout / file
    text, count = re.subn(old, lambda _: new, path.read_text(), count=1, flags=re.DOTALL)
    assert count, f"{file} has no {old!r} any more: this golden pull request needs another edit"
    path.write_text(text)


def append(checkout: Path, file: str, text: str) -> None:
    """Add lines at the end of a file."""
    with (checkout / file).open("a") as target:
        target.write(text)


def write(checkout: Path, file: str, text: str) -> None:
    """Write a new file."""
    (checkout / file).parent.mkdir(parents=True, exist_ok=True)
    (checkout / file).write_text(text)


_WORKFLOW = """

_unedited = definition


def definition(**settings):
    found = _unedited(**settings)

    def states(machine):
        for name, state in machine["States"].items():
            yield machine["States"], name, state
            inside = [state["ItemProcessor"]] if "ItemProcessor" in state else []
            for inner in inside + state.get("Branches", []):
                yield from states(inner)

    jobs = [one for one in states(found) if "createTransformJob" in one[2].get("Resource", "")]
    siblings, name, job = jobs[0]
{edit}
    return found
"""


def edit_stage(checkout: Path, name: str, *, compute: str) -> None:
    """Change the compute settings of a stage, given as keyword arguments."""
    append(
        checkout,
        "stacks/stages.py",
        f"""

from dataclasses import replace as _replaced

STAGES = tuple(
    _replaced(one, compute=_replaced(one.compute, {compute})) if one.name == "{name}" else one
    for one in STAGES
)
""",
    )


def edit_workflow(checkout: Path, edit: str) -> None:
    """Change the definition: ``found`` is all, ``job`` the state that runs the transform job.

    ``name`` is that state's name, ``siblings`` the states beside it.
    """
    lines = "\n".join(f"    {line}" for line in edit.strip().splitlines())
    append(checkout, "stacks/tfbatch_cdk/workflow/states.py", _WORKFLOW.replace("{edit}", lines))


def edit_app(checkout: Path, edit: str) -> None:
    """Change the stacks ``data`` and ``inference`` after the app has built them."""
    lines = "\n".join(f"    {line}" for line in edit.strip().splitlines())
    before = '    if str(scope.node.try_get_context("nag"))'
    replace(checkout, "app.py", re.escape(before), f"{lines}\n{before}")


def copy_model(checkout: Path, name: str, *, version: str) -> None:
    """Export the demo's model anew under another name and version."""
    source = checkout / "models" / "efficientnet-lite0"
    target = checkout / "models" / name
    shutil.copytree(source / "1", target / version)
    shutil.copy(source / "labels.txt", target)
