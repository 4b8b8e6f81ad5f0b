"""What INPUT names on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tfbatch.run.sources import find
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for name in ("a.jpg", "b [1].jpg", "deep/er/c.jpg", ".DS_Store", ".git/x", "ünïcode ☃.jpg"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def test_a_folder_is_all_files_below_it_but_hidden_ones(folder: Path) -> None:
    found = find([str(folder)])
    assert [file.name for file in found.files] == [
        "a.jpg",
        "b [1].jpg",
        "deep/er/c.jpg",
        "ünïcode ☃.jpg",
    ]
    assert found.title == "photos"
    assert found.folder.startswith("uploads/photos-")


def test_files_and_patterns_share_a_folder_and_count_once(folder: Path) -> None:
    said = [str(folder / "a.jpg"), str(folder / "*.jpg"), str(folder / "deep" / "**" / "*.jpg")]
    found = find(said)
    assert found.root == folder
    assert len(found.files) == 4


def test_a_name_with_brackets_is_a_file_before_it_is_a_pattern(folder: Path) -> None:
    assert [file.name for file in find([str(folder / "b [1].jpg")]).files] == ["b [1].jpg"]


def test_the_same_folder_goes_to_the_same_place(folder: Path) -> None:
    assert find([str(folder)]).folder == find([f"{folder}/deep/.."]).folder


def test_links_are_followed_and_what_is_left_out_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "7f").write_bytes(b"photo")
    links = {
        "outside.jpg": tmp_path / "cache" / "7f",
        "inside.jpg": folder / "a.jpg",
        "broken.jpg": tmp_path / "gone",
        "more": tmp_path / "cache",
        "deep/loop": folder,
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    (folder / "deep" / "Thumbs.db").write_bytes(b"")
    found = find([str(folder)])
    assert [file.name for file in found.files] == [
        *("a.jpg", "b [1].jpg", "deep/er/c.jpg", "inside.jpg", "more/7f", "outside.jpg"),
        "ünïcode ☃.jpg",
    ]
    assert found.left_out == ("broken.jpg", "deep/Thumbs.db", "deep/loop")
    assert found.files[5].size == 5


@pytest.mark.parametrize("name", ["nobody", "*.nothing"])
def test_what_is_not_there_is_named(folder: Path, name: str) -> None:
    with pytest.raises(Problem, match="no such file or folder"):
        find([str(folder / name)])


def test_an_empty_folder_is_no_input(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no files are there"):
        find([str(tmp_path)])
