"""The layout of the packages: which may import which, no circles, no crowded folders."""

from __future__ import annotations

import ast
import graphlib
import re
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "app": ROOT / "app.py",
    "inference": ROOT / "model_code" / "inference.py",
    "stacks": ROOT / "stacks",
    "tfbatch_cdk": ROOT / "stacks" / "tfbatch_cdk",
    "tfbatch_handler": ROOT / "model_code" / "tfbatch_handler",
    "tfbatch_functions": ROOT / "functions" / "tfbatch_functions",
    "tfbatch_sandbox": ROOT / "tfbatch_sandbox",
    "tfbatch": ROOT / "tfbatch",
    "benchmarks": ROOT / "benchmarks",
    "examples": ROOT / "examples",
    "tests": ROOT / "tests",
}
MAY_IMPORT = {
    "app": {"stacks", "tfbatch_cdk"},
    "inference": {"tfbatch_handler"},
    "stacks": {"stacks", "tfbatch_cdk", "tfbatch_handler"},
    "tfbatch_cdk": {"tfbatch_cdk", "tfbatch_handler", "tfbatch_functions"},
    "tfbatch_handler": {"tfbatch_handler"},
    "tfbatch_functions": {"tfbatch_functions"},
    "tfbatch_sandbox": {"tfbatch_sandbox"},
    # Not the app and its stages: in an installed package there are none.
    "tfbatch": {
        *("tfbatch", "tfbatch_cdk", "tfbatch_functions"),
        "tfbatch_handler",
        "tfbatch_sandbox",
    },
}
"""Tests, benchmarks and examples may import everything."""

MOST_MODULES = 16
RIDDLES = "leash|lifeline|likeness|pulse|places|hosts|exported|interfaces"
"""Names of modules that their first sentence had to explain."""


def _modules() -> dict[str, Path]:
    found = {}
    for package, place in PACKAGES.items():
        if place.suffix == ".py":
            found[package] = place
            continue
        for path in place.rglob("*.py"):
            parts = path.relative_to(place).with_suffix("").parts
            if package == "stacks" and parts[0] == "tfbatch_cdk":
                continue
            name = ".".join((package, *(parts[:-1] if parts[-1] == "__init__" else parts)))
            found[name] = path
    return found


MODULES = _modules()


def _imports(name: str) -> set[str]:
    """The modules of this repository that a module imports, those for type checking included."""
    wanted: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            wanted |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join((*above, *filter(None, [node.module])))
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                wanted.add(whole if whole in MODULES else base)
    return wanted & MODULES.keys() - {name}


GRAPH = {name: _imports(name) for name in MODULES}


def test_no_two_files_import_each_other() -> None:
    graphlib.TopologicalSorter(GRAPH).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_go_one_way(package: str) -> None:
    ours = (name for name in GRAPH if name.partition(".")[0] == package)
    imported = {
        other.partition(".")[0] for other in chain.from_iterable(map(GRAPH.__getitem__, ours))
    }
    assert imported <= MAY_IMPORT[package]


def test_no_folder_of_the_product_is_crowded() -> None:
    counts: dict[Path, int] = {}
    for name, path in MODULES.items():
        if name.partition(".")[0] not in {"tests", "benchmarks", "examples"}:
            counts[path.parent] = counts.get(path.parent, 0) + (path.name != "__init__.py")
    crowded = {str(folder.relative_to(ROOT)): n for folder, n in counts.items() if n > MOST_MODULES}
    assert crowded == {}


def test_no_module_is_a_riddle() -> None:
    riddles = [name for name in MODULES if re.search(rf"(^|\.)({RIDDLES})(\.|$)", name)]
    assert riddles == []
