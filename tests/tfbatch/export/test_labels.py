"""The names of the classes."""

from __future__ import annotations

from tfbatch.export.catalog import imagenet_labels


def test_a_thousand_classes_have_a_thousand_names() -> None:
    labels = imagenet_labels()
    assert len(set(labels)) == len(labels) == 1000
    assert all(label == label.strip() and "\n" not in label for label in labels)


def test_the_names_are_in_the_order_of_imagenet() -> None:
    labels = imagenet_labels()
    known = {0: "tench", 282: "tiger cat", 285: "Egyptian Mau", 967: "espresso", 985: "daisy"}
    assert {number: labels[number] for number in known} == known
