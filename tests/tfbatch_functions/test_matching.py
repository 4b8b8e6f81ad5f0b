from __future__ import annotations

from tfbatch_functions.accounting.output_check import match


def test_an_output_below_its_folder_is_the_input_s_of_that_path() -> None:
    outputs = {"x/a.jpg", "y/a.jpg"}
    assert match(["x/a.jpg", "y/a.jpg", "z/a.jpg"], prefix="photos/", outputs=outputs) == {
        "x/a.jpg": "x/a.jpg",
        "y/a.jpg": "y/a.jpg",
    }


def test_a_folder_in_a_folder_of_its_name_is_not_mistaken_for_it() -> None:
    # The whole key of a.jpg, photos/a.jpg, is also the path of another input below the prefix.
    names = ["a.jpg", "photos/a.jpg"]
    assert match(names, prefix="photos/", outputs={"photos/a.jpg"}) == {
        "photos/a.jpg": "photos/a.jpg"
    }
    assert match(names, prefix="photos/", outputs={"photos/a.jpg", "photos/photos/a.jpg"}) == {
        "a.jpg": "photos/a.jpg",
        "photos/a.jpg": "photos/photos/a.jpg",
    }


def test_another_run_s_outputs_in_the_same_folder_are_not_taken() -> None:
    outputs = {"x/a.jpg", "other/b.jpg"}
    assert match(["x/a.jpg", "x/b.jpg"], prefix="photos/", outputs=outputs) == {
        "x/a.jpg": "x/a.jpg"
    }


def test_an_input_named_twice_has_its_output_twice() -> None:
    assert match(["x/a.jpg", "x/a.jpg"], prefix="", outputs={"a.jpg"}) == {"x/a.jpg": "a.jpg"}


def test_nothing_matches_nothing() -> None:
    assert match(["a.jpg"], prefix="photos/", outputs=set()) == {}
