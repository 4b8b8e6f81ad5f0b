"""Optional packages: which extra brings which module, and what is said when one is missing."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.paths import REPOSITORY
from tfbatch.terminal.extras import EXTRAS
from tfbatch.terminal.problem import Problem, explained

NAME = re.compile(r"[A-Za-z0-9._-]+")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_of_an_extra_has_its_modules_in_the_table() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    modules = packages_distributions()
    for extra, known in EXTRAS.items():
        for line in project["optional-dependencies"][extra]:
            match = NAME.match(line)
            assert match is not None
            if match[0] == "tfbatch":
                continue
            brought = {
                module
                for module, distributions in modules.items()
                if _normal(match[0]) in map(_normal, distributions)
            }
            assert brought & set(known), f"{match[0]} of [{extra}] brings {sorted(brought)}"


@pytest.mark.parametrize(
    ("module", "extra"),
    [("moto.core", "sandbox"), ("tensorflow", "sandbox"), ("skimage", "demo")],
)
def test_a_missing_module_names_the_extra_to_install(module: str, extra: str) -> None:
    with pytest.raises(Problem, match=rf"run pip install 'tfbatch\[{extra}\]'"), explained():
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)


def test_another_missing_module_is_an_error_of_ours() -> None:
    with pytest.raises(ModuleNotFoundError, match="tfbatch_nowhere"), explained():
        raise ModuleNotFoundError("No module named 'tfbatch_nowhere'", name="tfbatch_nowhere")
