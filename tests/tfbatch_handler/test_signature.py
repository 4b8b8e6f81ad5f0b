"""A servable's signature, from saved_model.pb and from TensorFlow Serving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.tfbatch_handler.serving import IMAGES, serialized, tensor, varint
from tfbatch_handler import signature
from tfbatch_handler.signature import Signature, SignatureError, Tensor

if TYPE_CHECKING:
    from pathlib import Path

STRING, FLOAT, RESOURCE = 7, 1, 20


def info(dtype: int, *shape: int, name: bytes = b"t:0") -> bytes:
    dimensions = b"".join(serialized(2, b"\x08" + varint(size)) for size in shape)
    return (
        (serialized(1, name) if name else b"") + b"\x10" + varint(dtype) + serialized(3, dimensions)
    )


def saved_model(
    inputs: dict[str, bytes], *, tag: bytes = b"serve", name: str = "serving_default"
) -> bytes:
    def tensors(number: int, infos: dict[str, bytes]) -> bytes:
        return b"".join(
            serialized(number, serialized(1, key.encode()) + serialized(2, value))
            for key, value in infos.items()
        )

    definition = tensors(1, inputs) + tensors(2, {"y": info(FLOAT, -1, 10)})
    definition += serialized(3, b"tensorflow/serving/predict")
    meta = serialized(4, tag) + serialized(5, b"2.21.0")
    graph = (
        serialized(1, meta)
        + serialized(2, b"graph")
        + serialized(5, serialized(1, name.encode()) + serialized(2, definition))
    )
    return b"\x08\x01" + serialized(2, graph)


def test_a_saved_model_says_its_tensors_and_who_wrote_it(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(saved_model({"x": info(STRING, -1, 3)}))
    found = signature.read_saved_model(tmp_path)
    assert found == {
        "serving_default": Signature(
            inputs={"x": Tensor(name="t:0", dtype="STRING", shape=(-1, 3))},
            outputs={"y": Tensor(name="t:0", dtype="FLOAT", shape=(-1, 10))},
            method="tensorflow/serving/predict",
        )
    }
    assert found["serving_default"].tensorflow_version == "2.21.0"
    assert str(found["serving_default"]) == "(x: string[?,3]) -> (y: float[?,10])"


def test_metadata_says_the_same() -> None:
    reply = {"metadata": {"signature_def": {"signature_def": {"serving_default": IMAGES}}}}
    found = signature.parse_metadata(reply)["serving_default"]
    assert (
        str(found) == "(image_bytes: string[?]) -> (classes: int64[?], probabilities: float[?,4])"
    )
    assert found == signature.servable(signature.parse_metadata(reply))


def test_an_unknown_rank_is_not_a_scalar() -> None:
    unknown: dict[str, Any] = {**tensor("FLOAT"), "tensor_shape": {"dim": [], "unknown_rank": True}}
    definitions = {"s": {"inputs": {"x": unknown, "y": tensor("FLOAT")}, "outputs": {}}}
    found = signature.parse_metadata(
        {"metadata": {"signature_def": {"signature_def": definitions}}}
    )
    assert found["s"].inputs["x"].shape is None
    assert found["s"].inputs["y"].shape == ()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (saved_model({}), "needs an input and an output"),
        (
            saved_model({"x": info(STRING, -1)}, name="other"),
            r"no signature 'serving_default' \(found: other",
        ),
        (
            saved_model({"x": info(STRING, -1)}, tag=b"train"),
            "no graph is tagged 'serve' .*found: train",
        ),
        (
            saved_model({"x": info(RESOURCE, -1)}),
            r"input 'x' .* resource\[\?\].*takes strings, floats",
        ),
        (
            saved_model({"x": info(FLOAT, 8, 5)}),
            r"float\[8,5\]: its first dimension must be the batch",
        ),
        (saved_model({"x": info(FLOAT, -1, name=b"")}), "sparse or ragged"),
        (b"\x0a\xff", "field 1 ends|does not end"),
        (b"not a protobuf", "saved_model.pb: "),
    ],
)
def test_a_model_the_handler_cannot_feed_is_refused_with_the_remedy(
    tmp_path: Path, data: bytes, message: str
) -> None:
    (tmp_path / "saved_model.pb").write_bytes(data)
    with pytest.raises(SignatureError, match=message):
        signature.servable(signature.read_saved_model(tmp_path))


def test_a_missing_model_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SignatureError, match=r"saved_model.pb is missing: export the model"):
        signature.read_saved_model(tmp_path)


def test_features_of_unknown_inputs_are_refused() -> None:
    reply = {"metadata": {"signature_def": {"signature_def": {"serving_default": IMAGES}}}}
    with pytest.raises(SignatureError, match=r"'image'.*has the inputs image_bytes"):
        signature.servable(signature.parse_metadata(reply), features={"image": "image/encoded"})


@pytest.mark.parametrize(
    ("inputs", "outputs", "takes_batches", "needs_columns", "batched"),
    [
        ([(-1, 3)], [(-1, 2)], True, False, "y0"),
        ([None, (-1,)], [None], True, False, "y0"),
        ([(1, -1, -1, 3)], [(1, 100), (1,)], False, False, "y0 y1"),
        ([(1, -1, -1, 3)], [(1, 100, 4), (100,), (-1, 2)], False, True, "y0"),
        ([()], [(5,), ()], False, True, ""),
        ([()], [(1, 5)], False, True, ""),
        ([(-1, 3), ()], [(-1, 2), ()], False, True, "y0"),
        ([(-1, 3)], [(-1, 2), (7,)], False, True, "y0"),
    ],
)
def test_a_model_without_a_batch_of_any_size_gets_one_record_a_request(
    inputs: list[tuple[int, ...] | None],
    outputs: list[tuple[int, ...] | None],
    takes_batches: bool,  # noqa: FBT001
    needs_columns: bool,  # noqa: FBT001
    batched: str,
) -> None:
    found = Signature(
        inputs={
            f"x{number}": Tensor(name="x:0", dtype="FLOAT", shape=shape)
            for number, shape in enumerate(inputs)
        },
        outputs={
            f"y{number}": Tensor(name="y:0", dtype="FLOAT", shape=shape)
            for number, shape in enumerate(outputs)
        },
    )
    assert (found.takes_batches, found.needs_columns) == (takes_batches, needs_columns)
    assert found.batched_outputs() == set(batched.split())
