"""Locks of models and packages: what differs is shown, and a model without one isn't compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch.review.compare.locks import LOCK, findings
from tfbatch.review.finding import Severity
from tfbatch_cdk.model.lock import Lock, LockedFile
from tfbatch_handler.signature import Signature, Tensor

if TYPE_CHECKING:
    from tfbatch.review.finding import Finding

NAME = "resnet.lock.json"


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
    (found,) = findings({NAME: before}, {NAME: after})
    return found


def test_a_model_without_a_lock_is_said_not_to_be_compared() -> None:
    (found,) = findings({}, {})
    assert found.rule == "model-not-compared"
    assert "No model was compared" in found.title


def test_equal_locks_are_no_change() -> None:
    assert findings({NAME: lock()}, {NAME: lock()}) == []


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


def test_pinned_packages_that_differ_need_attention() -> None:
    before, after = ({LOCK: f"boto3=={version} \\\n", NAME: lock()} for version in ("1.0", "2.0"))
    (found,) = findings(before, after)
    assert found.rule == "packages-changed"
    assert found.rows == (("boto3", "1.0", "2.0"),)
