"""Locks of models and packages: what differs is shown, and a model without one isn't compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tfbatch.review.compare.locks import Locks, findings
from tfbatch.review.finding import Severity
from tfbatch.review.sides.packages.sides import Packages
from tfbatch_cdk.model.lock import Lock, LockedFile
from tfbatch_handler.signature import Signature, Tensor

if TYPE_CHECKING:
    from tfbatch.review.finding import Finding

NAME = "resnet.lock.json"
PINNED = Packages(lock="requirements/all.lock", pins={"boto3": "1.0"}, hashes={"boto3": "b" * 64})


def lock(*, digest: str = "a", image: str = "image_bytes", classes: int = 1000) -> str:
    tensor = Tensor(name="x:0", dtype="string", shape=(-1,))
    signature = Signature(
        inputs={image: tensor}, outputs={"classes": tensor}, method="p", tensorflow_version="2.21"
    )
    return Lock(
        source="s3://models/resnet",
        version="1",
        files={"1/saved_model.pb": LockedFile(sha256=digest * 64, size=5_000_000)},
        signatures={"serving_default": signature},
        tensorflow="2.21",
        labels={"labels.txt": classes},
    ).text()


def compared(before: str, after: str) -> Finding:
    (found,) = findings(*(Locks(packages=PINNED, models={NAME: one}) for one in (before, after)))
    return found


def bumped(before: Packages, after: Packages) -> Finding:
    (found,) = findings(*(Locks(packages=one, models={NAME: lock()}) for one in (before, after)))
    return found


def test_a_model_without_a_lock_is_said_not_to_be_compared() -> None:
    nothing = Locks(packages=PINNED, models={})
    (found,) = findings(nothing, nothing)
    assert found.rule == "model-not-compared"
    assert "No model was compared" in found.title


def test_equal_locks_are_no_change() -> None:
    equal = Locks(packages=PINNED, models={NAME: lock()})
    assert findings(equal, equal) == []


def test_new_weights_are_a_change_of_the_model() -> None:
    found = compared(lock(), lock(digest="b"))
    assert found.severity is Severity.ATTENTION
    assert found.rows == (("file 1/saved_model.pb", "a" * 12, "b" * 12),)


def test_a_renamed_input_and_a_dropped_class_break_who_uses_the_model() -> None:
    for after in (lock(image="bytes"), lock(classes=999)):
        assert "relies on what differs" in compared(lock(), after).why
    rows = dict(row[:2] for row in compared(lock(), lock(image="bytes")).rows)
    assert rows["input image_bytes of serving_default"] == "string [-1]"


def test_a_lock_that_cannot_be_read_is_shown_as_such() -> None:
    (row, *_) = [row for row in compared(lock(), "{").rows if row[0] == "lock"]
    assert "can't be read" in row[2]


def test_other_versions_are_harmless_where_each_side_was_synthesized_with_its_own() -> None:
    found = bumped(PINNED, replace(PINNED, pins={"boto3": "2.0"}))
    assert found.severity is Severity.FINE
    assert found.rows == (("boto3", "1.0", "2.0"),)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"pins": {"boto3": "1.0", "boto4": "1.0"}}, "New: boto4"),
        ({"pins": {"boto3": "https://me.example/boto3.whl"}}, "address of its own: boto3"),
        ({"hashes": {"boto3": "c" * 64}}, "Other files of the same version: boto3"),
    ],
)
def test_packages_that_nobody_knows_need_attention(after: dict[str, Any], said: str) -> None:
    found = bumped(PINNED, replace(PINNED, **after))
    assert found.severity is Severity.ATTENTION
    assert said in found.why


def test_a_side_that_was_synthesized_with_other_packages_than_its_own_needs_attention() -> None:
    head = replace(PINNED, problem="the index can't be reached", used={"aws-cdk-lib": "2.275.0"})
    found = bumped(PINNED, head)
    assert found.severity is Severity.ATTENTION
    assert found.rule == "packages-not-own"
    assert "the index can't be reached" in found.why
    assert "aws-cdk-lib 2.275.0" in found.why


def test_another_command_line_of_the_cdk_needs_attention() -> None:
    before, after = (
        replace(PINNED, node={"node_modules/aws-cdk": version}) for version in ("2.1", "2.2")
    )
    found = bumped(before, after)
    assert found.severity is Severity.ATTENTION
    assert found.rows == (("node_modules/aws-cdk", "2.1", "2.2"),)


def test_without_locks_a_change_of_what_is_declared_needs_attention() -> None:
    before, after = (
        Packages(declared={"requirements.txt": digest}, problem="no lock") for digest in "ab"
    )
    assert bumped(before, before).severity is Severity.FINE
    assert bumped(before, after).severity is Severity.ATTENTION
