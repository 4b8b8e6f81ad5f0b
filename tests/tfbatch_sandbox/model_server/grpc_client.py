"""Asks a model server over gRPC and prints the replies; a program, for it fakes TensorFlow."""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN003, ANN201
# TensorFlow Serving publishes no types.
import json
import sys

import grpc
import numpy as np

from tfbatch_sandbox.model_server.tensorflow import c_api, messages  # noqa: F401

# isort: split
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)


def vector(**changes):
    """A predict request for ``vector``."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = changes.get("name", "vector")
    if "version" in changes:
        request.model_spec.version.value = changes["version"]
    request.output_filter.extend(changes.get("outputs", []))
    rows = np.array([[1, 0, 0], [0, 0, 1]], changes.get("dtype", np.float32))
    messages.fill(request.inputs[changes.get("input", "x")], rows, changes.get("number", 1))
    return request


def with_examples(request, name, signature=""):
    """A classification or regression request for two examples with one context."""
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    listed = request.input.example_list_with_context
    listed.context.features.feature["unused"].int64_list.value.append(1)
    for number in (0.25, 0.5):
        listed.examples.add().features.feature["x"].float_list.value.extend([number, 0])
    return request


def status_of(call, request):
    """What an error says."""
    try:
        call(request)
    except grpc.RpcError as error:
        return [error.code().name, error.details()]
    raise AssertionError("no error")


def rows(reply):
    return messages.to_array(reply.outputs["y"]).astype(float).round(4).tolist()


def main(port):
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    predictions = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    statuses = model_service_pb2_grpc.ModelServiceStub(channel)
    latest = predictions.Predict(vector())
    several = predict_pb2.PredictRequest()
    several.model_spec.name, several.model_spec.signature_name = "vector", "several"
    messages.fill(several.inputs["count"], np.array([3], np.int32), 3)
    messages.fill(several.inputs["flag"], np.array([True]), 10)
    messages.fill(several.inputs["key_bytes"], np.array([b"k\xff"], object), 7)
    words = predictions.Predict(several).outputs
    classified = predictions.Classify(
        with_examples(classification_pb2.ClassificationRequest(), "examples")
    )
    regressed = predictions.Regress(
        with_examples(regression_pb2.RegressionRequest(), "examples", "value")
    )
    asked = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    asked.model_spec.name = "vector"
    signatures = get_model_metadata_pb2.SignatureDefMap()
    predictions.GetModelMetadata(asked).metadata["signature_def"].Unpack(signatures)
    status = get_model_status_pb2.GetModelStatusRequest()
    status.model_spec.name = "vector"
    found = statuses.GetModelStatus(status).model_version_status
    told = {
        "latest": [latest.model_spec.version.value, rows(latest)],
        "first": rows(predictions.Predict(vector(version=1))),
        "several": [list(words["double"].int_val), list(words["text"].string_val) == [b"<k\xff>"]],
        "classify": [
            [[one.label, one.score] for one in row.classes]
            for row in classified.result.classifications
        ],
        "regress": [one.value for one in regressed.result.regressions],
        "signatures": sorted(signatures.signature_def),
        "status": [[one.version, one.state] for one in found],
        "errors": [
            status_of(predictions.Predict, vector(name="nobody")),
            status_of(predictions.Predict, vector(input="z")),
            status_of(predictions.Predict, vector(dtype=np.int32, number=3)),
            status_of(predictions.Predict, vector(outputs=["nothing"])),
            status_of(
                predictions.Classify,
                with_examples(classification_pb2.ClassificationRequest(), "vector"),
            ),
        ],
    }
    print(json.dumps(told))  # noqa: T201 - what it is for


if __name__ == "__main__":
    main(sys.argv[1])
