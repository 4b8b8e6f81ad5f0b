"""A project's own formats and packages in the artifact."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch_cdk.test_artifact import DEMO
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model import own_code, vendoring
from tfbatch_cdk.model.artifact import artifact_of
from tfbatch_cdk.model.vendoring import Runtime
from tfbatch_cdk.settings import HANDLER_LOCK

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = '''"""Lines of text."""
CONTENT_TYPES = ("text/x-lines",)


def decode(payload, request):
    return payload.splitlines()
'''
RUNTIME = Runtime(python="3.12", platform="x86_64-manylinux_2_28")


def _own(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_lock", ".lock")
        path = path if path.suffix else path.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_own_formats_and_the_librarys_code_are_in_one_artifact(tmp_path: Path) -> None:
    own = _own(tmp_path / "code", formats__lines=FORMAT, helpers="A = 1\n")
    names = set(artifact_of(replace(DEMO, code=own)).members)
    library = set(artifact_of(replace(DEMO, code=None)).members)
    assert names - library == {"code/formats/lines.py", "code/helpers.py"}
    assert {"code/inference.py", "code/tfbatch_handler/handler.py"} <= library <= names


def test_an_entry_point_of_ones_own_replaces_the_librarys(tmp_path: Path) -> None:
    own = _own(tmp_path / "code", inference="def handler(data, context): ...\n")
    entry_point = artifact_of(replace(DEMO, code=own)).members["code/inference.py"]
    assert entry_point.source == own / "inference.py"


def test_a_lock_of_ones_own_brings_packages_beside_the_handlers(tmp_path: Path) -> None:
    pinned = re.search(r"^pybase64==.*(?:\n    .*)*", HANDLER_LOCK.read_text(), re.MULTILINE)
    assert pinned is not None
    six = (
        "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"
    )
    own = _own(tmp_path / "code", requirements_lock=f"{six}\n{pinned[0]}\n")
    locks = own_code.locks(replace(DEMO, code=own))
    names = set(vendoring.packages(locks, RUNTIME, cache=tmp_path / "cache"))
    assert "six.py" in names
    assert {name.partition("/")[0] for name in names} >= {"google_crc32c", "pybase64"}
    assert "code/requirements.lock" not in artifact_of(replace(DEMO, code=own)).members


def test_two_versions_of_one_package_are_refused(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    other = tmp_path / "requirements.lock"
    other.write_text(HANDLER_LOCK.read_text() + "\n")  # its own folder in the cache
    changed = next(
        path
        for name, path in vendoring.packages([other], RUNTIME, cache=cache).items()
        if name == "pybase64/__init__.py"
    )
    changed.write_text("VERSION = 'another'\n")
    with pytest.raises(SettingsError, match=r"both bring pybase64/__init__\.py, with other"):
        vendoring.packages([HANDLER_LOCK, other], RUNTIME, cache=cache)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def decode(payload, request): ...\n", r"lines\.py: a format needs CONTENT_TYPES"),
        ("CONTENT_TYPES = ('a/b',)\n", r"lines\.py: a format needs decode"),
        ("def decode(:\n", r"lines\.py: not valid Python"),
    ],
)
def test_a_format_that_the_handler_cannot_load_stops_the_synthesis(
    tmp_path: Path, text: str, says: str
) -> None:
    own = _own(tmp_path / "code", formats__lines=text)
    with pytest.raises(SettingsError, match=says):
        artifact_of(replace(DEMO, code=own))


def test_a_folder_of_code_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Model\.code = .*nowhere.*no such folder"):
        artifact_of(replace(DEMO, code=tmp_path / "nowhere"))
