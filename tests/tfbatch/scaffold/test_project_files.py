"""The files of a new project, and what an upgrade does to them."""

from __future__ import annotations

import functools
import http.server
import json
import os
import subprocess
import sys
import tarfile
import threading
import tomllib
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from tests.paths import REPOSITORY
from tfbatch.cli import cli
from tfbatch.scaffold import files, upgrade
from tfbatch.scaffold.files import SHARED, TEMPLATES

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

FEW = 20


def init(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["init", *map(str, arguments)])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new project, as the working directory."""
    folder = tmp_path / "mine"
    assert init(folder).exit_code == 0
    monkeypatch.chdir(folder)
    return folder


def paths(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_project_has_a_few_files_and_they_are_this_repositorys_own(project: Path) -> None:
    assert paths(project) == {*SHARED, "README.md", "pyproject.toml"}
    assert len(paths(project)) <= FEW
    for path in SHARED:
        assert (project / path).read_bytes() == (REPOSITORY / path).read_bytes(), path


def test_a_projects_stacks_win_over_a_package_of_that_name(project: Path) -> None:
    """Otherwise the stacks of a checkout, or of any package, would be deployed in their place."""
    program = "import stacks.stages; print(stacks.stages.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": f"{project}{os.pathsep}{REPOSITORY}"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == str(project / "stacks" / "stages.py")


def test_a_wheel_has_what_a_project_and_its_artifact_need(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for path in {*SHARED} - {"model_code/inference.py"}:
            contents = archive.read(f"tfbatch/scaffold/project/{path}")
            assert contents == (REPOSITORY / path).read_bytes()
        assert (
            archive.read("tfbatch_cdk/model/inference.py")
            == (REPOSITORY / "model_code" / "inference.py").read_bytes()
        )
    packages = {name.partition("/")[0] for name in names}
    assert {one for one in packages if not one.endswith(".dist-info")} == {
        *("tfbatch", "tfbatch_cdk", "tfbatch_functions", "tfbatch_handler", "tfbatch_sandbox")
    }


def test_the_demos_packages_are_extras_and_the_sandbox_too() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert not [one for one in project["dependencies"] if one.startswith(("tensorflow", "moto"))]
    assert set(project["optional-dependencies"]) == {"sandbox", "demo", "all"}


def stages(folder: Path) -> Any:  # noqa: ANN401 # the module's namespace
    names: dict[str, Any] = {}
    exec((folder / "stacks" / "stages.py").read_text(), names)  # noqa: S102 # the test's own
    return names["STAGES"]


@pytest.mark.parametrize(
    ("model", "output", "content_types"),
    [
        (
            "vector",
            "raw",
            [
                *("application/jsonlines", "text/csv", "application/x-tfexample"),
                "application/x-npy",
            ],
        ),
        ("image", "raw", ["image/jpeg", "application/jsonlines", "application/x-tfexample"]),
    ],
)
def test_a_model_of_ones_own_is_served_in_the_formats_that_it_takes(
    tmp_path: Path, saved_models: Path, model: str, output: str, content_types: list[str]
) -> None:
    done = init(tmp_path / "mine", "--model", saved_models / model / "1")
    assert done.exit_code == 0, done.output
    for stage in stages(tmp_path / "mine"):
        (served,) = stage.models
        assert served.name == model
        assert served.handler.output == output
        found = [one.content_type for one in stage.formats.values()]
        assert found[: len(content_types)] == content_types
    assert len(SHARED) + len(TEMPLATES) + 1 <= FEW  # and the lock
    lock = json.loads((tmp_path / "mine" / "models" / f"{model}.lock.json").read_text())
    assert lock["source"] == str(saved_models / model / "1")
    saved = tmp_path / "mine" / "models" / model / "1" / "saved_model.pb"
    assert saved.read_bytes() == (saved_models / model / "1" / "saved_model.pb").read_bytes()


def test_a_model_may_come_from_the_web(
    tmp_path: Path, saved_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(tmp_path / "churn.tar.gz", "w:gz") as archive:
        archive.add(saved_models / "vector" / "1", "1")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source = f"http://127.0.0.1:{server.server_port}/churn.tar.gz"
        done = init(tmp_path / "mine", "--model", source)
        server.shutdown()
    assert done.exit_code == 0, done.output
    assert stages(tmp_path / "mine")[0].models[0].name == "churn"
    lock = json.loads((tmp_path / "mine" / "models" / "churn.lock.json").read_text())
    assert lock["source"] == source


def test_class_names_beside_the_model_give_the_likeliest_classes(
    tmp_path: Path, saved_models: Path
) -> None:
    (tmp_path / "cats" / "1").mkdir(parents=True)
    saved = (saved_models / "image" / "1" / "saved_model.pb").read_bytes()
    (tmp_path / "cats" / "1" / "saved_model.pb").write_bytes(saved)
    (tmp_path / "cats" / "labels.txt").write_text("one\ntwo\nthree\n")
    assert init(tmp_path / "mine", "--model", tmp_path / "cats").exit_code == 0
    (served, _) = (stage.models[0] for stage in stages(tmp_path / "mine"))
    assert served.name == "cats"
    assert served.handler.output == "top_k"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["full"], "full is not empty: name a new or an empty directory"),
        (["new", "--name", "a b"], "--name = 'a b': use letters"),
        (["new", "--model", "full"], "full has no saved_model.pb in it"),
        (["--upgrade", "new"], "--upgrade takes no DIR"),
        ([], "name the new project's DIR"),
        (["new", "--dry-run"], "--dry-run goes with --upgrade"),
    ],
)
def test_a_bad_request_says_what_to_do_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    done = init(*arguments)
    assert done.exit_code != 0
    assert says in done.output
    assert paths(tmp_path) == {"full/notes.txt"}


def test_an_upgrade_changes_only_what_its_owner_left_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "stacks" / "stages.py").write_text("STAGES = ()  # ours\n")
    (project / "Makefile").unlink()
    older = files.render

    def newer(**choices: Any) -> dict[str, str]:  # noqa: ANN401
        texts = older(**choices)
        for path in ("app.py", "stacks/stages.py", "Makefile"):
            texts[path] += "# of the newer version\n"
        return texts | {"new.txt": "new\n"}

    monkeypatch.setattr(upgrade, "render", newer)
    before = {path: (project / path).read_text() for path in paths(project)}
    shown = init("--upgrade", "--dry-run")
    assert {path: (project / path).read_text() for path in paths(project)} == before
    done = init("--upgrade")
    assert done.exit_code == shown.exit_code == 0
    assert "+# of the newer version" in shown.output
    after = {path: (project / path).read_text() for path in paths(project)}
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {"app.py", "new.txt", "pyproject.toml"}
    assert after["app.py"].endswith("# of the newer version\n")
    assert "stacks/stages.py: you changed it" in done.output
    assert "Makefile: you deleted it" in done.output
    assert "b/Makefile" not in done.output
    assert "Every file is" in init("--upgrade").output


def test_an_upgrade_to_the_same_version_changes_nothing(project: Path) -> None:
    before = {path: (project / path).read_text() for path in paths(project)}
    assert "Every file is as this version writes it" in init("--upgrade").output
    assert {path: (project / path).read_text() for path in paths(project)} == before


def test_a_folder_that_init_did_not_make_is_not_upgraded(
    project: Path,
) -> None:
    (project / "pyproject.toml").write_text('[project]\nname = "another"\n')
    done = init("--upgrade")
    assert done.exit_code != 0
    assert "has no [tool.tfbatch]" in done.output
