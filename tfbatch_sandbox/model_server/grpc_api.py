"""TensorFlow Serving's gRPC services: predict, classify, regress and model status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import grpc  # type: ignore[import-untyped]

# Before TensorFlow Serving's messages, which would import all of TensorFlow.
from tfbatch_sandbox.model_server.tensorflow import c_api  # noqa: F401

# isort: split
from tensorflow_serving.apis import (  # type: ignore[import-untyped]
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from tfbatch_sandbox.model_server import examples
from tfbatch_sandbox.model_server.tensorflow import messages
from tfbatch_sandbox.model_server.tensorflow.status import StatusError, as_status, invalid_argument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfbatch_sandbox.model_server.models import Models
    from tfbatch_sandbox.model_server.predictor import Predictor
    from tfbatch_sandbox.model_server.tensorflow.servable import Servable

_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_STATES = get_model_status_pb2.ModelVersionStatus.State


async def start(*, models: Models, predictor: Predictor, port: int) -> Any:  # noqa: ANN401 - no types
    """Start a server on a port of 127.0.0.1. Stop it to close the port."""
    server = grpc.aio.server(options=_UNLIMITED)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        Predictions(models, predictor), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Statuses(models), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    return server


class Predictions:
    """``tensorflow.serving.PredictionService``, without MultiInference."""

    def __init__(self, models: Models, predictor: Predictor) -> None:
        self._models = models
        self._predictor = predictor

    async def Predict(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802 - gRPC's
        """The signature's outputs, or those that the request chooses."""
        try:
            version, servable = self._find(request.model_spec)
            signature = servable.signature(request.model_spec.signature_name)
            wanted = _wanted(request.output_filter, signature.outputs)
            inputs = messages.read_inputs(request.inputs, signature)
            outputs = await self._predictor.predict(servable, signature, inputs)
        except Exception as error:  # noqa: BLE001 (each has a status)
            await _abort(context, as_status(error))
        response = predict_pb2.PredictResponse()
        _specify(response.model_spec, request.model_spec, version)
        for name in wanted:
            messages.fill(response.outputs[name], outputs[name], signature.outputs[name].dtype)
        return response

    async def Classify(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        """Labels and scores of each example."""
        response = classification_pb2.ClassificationResponse()
        try:
            size, outputs = await self._run(request, response, examples.CLASSIFY)
            rows = examples.classifications(outputs, size)
        except Exception as error:  # noqa: BLE001 (each has a status)
            await _abort(context, as_status(error))
        for row in rows:
            classes = response.result.classifications.add()
            for label, score in row:
                classes.classes.add(label=label.decode("utf-8", "replace"), score=score)
        return response

    async def Regress(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        """A value for each example."""
        response = regression_pb2.RegressionResponse()
        try:
            size, outputs = await self._run(request, response, examples.REGRESS)
            values = examples.regressions(outputs, size)
        except Exception as error:  # noqa: BLE001 (each has a status)
            await _abort(context, as_status(error))
        for value in values:
            response.result.regressions.add(value=value)
        return response

    async def GetModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        """The signatures."""
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        try:
            version, servable = self._find(request.model_spec)
            if not request.metadata_field:
                raise invalid_argument(
                    "GetModelMetadataRequest must specify at least one metadata_field"
                )
            for field in request.metadata_field:
                if field != "signature_def":
                    raise invalid_argument(f"MetadataField {field} is not supported")
        except StatusError as error:
            await _abort(context, error)
        _specify(response.model_spec, request.model_spec, version, signature_name=None)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, definition in servable.signature_defs.items():
            signatures.signature_def[name].CopyFrom(definition)
        response.metadata["signature_def"].Pack(signatures)
        return response

    async def MultiInference(self, _: Any, context: Any) -> Any:  # noqa: ANN401, N802
        """Not served: no handler of a transform job was found to use it."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "MultiInference is not served")

    def _find(self, spec: Any) -> tuple[int, Servable]:  # noqa: ANN401 - a message
        if not spec.name:
            raise invalid_argument("Missing ModelSpec")
        number = spec.version.value if spec.HasField("version") else None
        return self._models.servable(spec.name, number)

    async def _run(
        self,
        request: Any,  # noqa: ANN401 - a message
        response: Any,  # noqa: ANN401 - a message
        method: examples.Method,
    ) -> tuple[int, Any]:
        version, servable = self._find(request.model_spec)
        signature = method.check(servable, request.model_spec.signature_name)
        records = serialized(request.input)
        outputs = await examples.run(self._predictor.predict, servable, signature, records)
        _specify(response.model_spec, request.model_spec, version)
        return len(records), outputs


class Statuses:
    """``tensorflow.serving.ModelService``. The configuration of a container never changes."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def GetModelStatus(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        """The state of one version or of all."""
        spec = request.model_spec
        try:
            if not spec.name:
                raise invalid_argument("Missing ModelSpec")
            number = spec.version.value if spec.HasField("version") else None
            states = self._models.states(spec.name, number)
        except StatusError as error:
            await _abort(context, error)
        response = get_model_status_pb2.GetModelStatusResponse()
        for version, held in states.items():
            status = response.model_version_status.add(
                version=version, state=_STATES.Value(held.state)
            )
            status.status.error_code = 0 if held.error is None else held.error.code
            status.status.error_message = "" if held.error is None else held.error.message
        return response

    async def HandleReloadConfigRequest(self, _: Any, context: Any) -> Any:  # noqa: ANN401, N802
        """Not served."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "The configuration can't be reloaded")


def serialized(request_input: Any) -> list[bytes]:  # noqa: ANN401 - a message
    """The examples of an ``Input``, each with the context's features."""
    listed = request_input.example_list_with_context
    context: bytes = listed.context.SerializeToString()
    together = [*request_input.example_list.examples, *listed.examples]
    return [context + example.SerializeToString() for example in together]


def _wanted(output_filter: Sequence[str], outputs: Any) -> Sequence[str]:  # noqa: ANN401
    for alias in output_filter:
        if alias not in outputs:
            raise invalid_argument(
                f"output tensor alias not found in signature: {alias} "
                f"Outputs expected to be in the set {{{','.join(outputs)}}}."
            )
    return list(output_filter) or list(outputs)


def _specify(
    spec: Any,  # noqa: ANN401 - a message
    asked: Any,  # noqa: ANN401 - a message
    version: int,
    signature_name: str | None = "serving_default",
) -> None:
    spec.name = asked.name
    spec.version.value = version
    if signature_name is not None:
        spec.signature_name = asked.signature_name or signature_name


async def _abort(context: Any, error: StatusError) -> NoReturn:  # noqa: ANN401 - no types
    await context.abort(_CODES[error.code], error.message)
    raise AssertionError("abort always raises")
