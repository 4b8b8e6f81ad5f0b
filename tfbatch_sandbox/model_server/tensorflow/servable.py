"""Loads one version of a model and runs its signatures."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch_sandbox.model_server.tensorflow.c_api import TF, Buffer, Output, Status
from tfbatch_sandbox.model_server.tensorflow.status import Code, StatusError
from tfbatch_sandbox.model_server.tensorflow.tensors import new_tensor, to_array

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tfbatch_sandbox.model_server.tensorflow.dtypes import Array

DEFAULT_SIGNATURE = "serving_default"
_TAG = b"serve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """An entry point of the graph: tensors by their public names."""

    name: str
    inputs: Mapping[str, Any]
    """Input name to ``tensorflow.TensorInfo`` (``name``, ``dtype``, ``tensor_shape``)."""
    outputs: Mapping[str, Any]


class Servable:
    """A SavedModel in a session.

    Args:
        path: the version's folder, with ``saved_model.pb``.
        intra_op_parallelism: threads within an operation; 0 lets TensorFlow choose.
        inter_op_parallelism: operations at a time; 0 lets TensorFlow choose.

    Raises:
        StatusError: the SavedModel can't be loaded.
    """

    def __init__(
        self, path: Path, *, intra_op_parallelism: int = 0, inter_op_parallelism: int = 0
    ) -> None:
        self._graph = TF.TF_NewGraph()
        self._session, meta_graph = _load(
            path, self._graph, _config(intra_op_parallelism, inter_op_parallelism)
        )
        self.signature_defs = dict(meta_graph.signature_def)
        self.signatures = {
            name: Signature(
                name=name,
                inputs=dict(sorted(definition.inputs.items())),
                outputs=dict(sorted(definition.outputs.items())),
            )
            for name, definition in self.signature_defs.items()
            if definition.method_name
        }

    def signature(self, name: str) -> Signature:
        """The requested signature; by default ``serving_default``.

        Raises:
            StatusError: there is no such signature.
        """
        wanted = name or DEFAULT_SIGNATURE
        if wanted not in self.signatures:
            raise StatusError(
                Code.INVALID_ARGUMENT,
                f'Serving signature name: "{wanted}" not found in signature def',
            )
        return self.signatures[wanted]

    def run(
        self, signature: Signature, inputs: Mapping[str, Array], *, timeout_ms: int = 0
    ) -> dict[str, Array]:
        """Run the graph, without blocking other threads.

        Args:
            signature: one of this servable's.
            inputs: an array of the right type for each input of the signature.
            timeout_ms: 0 for no time-out.

        Returns:
            An array for each output of the signature.

        Raises:
            StatusError: from the graph's operations.
        """
        tensors = [new_tensor(inputs[name], info.dtype) for name, info in signature.inputs.items()]
        try:
            results = self._run(signature, tensors, timeout_ms)
        finally:
            _delete(tensors)
        try:
            arrays = [to_array(tensor) for tensor in results]
        finally:
            _delete(results)
        return dict(zip(signature.outputs, arrays, strict=True))

    def _run(self, signature: Signature, tensors: list[int], timeout_ms: int) -> list[int]:
        feeds = [self._output(info.name) for info in signature.inputs.values()]
        fetches = [self._output(info.name) for info in signature.outputs.values()]
        results = (ctypes.c_void_p * len(fetches))()
        options = _run_options(timeout_ms)
        try:
            with Status() as status:
                TF.TF_SessionRun(
                    self._session,
                    options,
                    (Output * len(feeds))(*feeds),
                    (ctypes.c_void_p * len(tensors))(*tensors),
                    len(feeds),
                    (Output * len(fetches))(*fetches),
                    results,
                    len(fetches),
                    None,
                    0,
                    None,
                    status,
                )
        finally:
            if options:
                TF.TF_DeleteBuffer(options)
        return list(results)

    def _output(self, tensor_name: str) -> Output:
        operation, _, index = tensor_name.partition(":")
        found = TF.TF_GraphOperationByName(self._graph, operation.encode())
        if not found:
            raise StatusError(
                Code.NOT_FOUND, f"FeedInputs: unable to find feed output {tensor_name}"
            )
        return Output(found, int(index or 0))


def _delete(tensors: Iterable[int | None]) -> None:
    for tensor in tensors:
        if tensor:
            TF.TF_DeleteTensor(tensor)


def _config(intra_op_parallelism: int, inter_op_parallelism: int) -> bytes:
    """The session's options.

    Without two optimizers EfficientNet-Lite0 is loaded and answers its first request in two thirds
    of the processor time. They plan memory, which a CPU doesn't need, and go over the graph once
    more; its outputs and the time of later requests are the same.
    """
    from tensorflow.core.protobuf.config_pb2 import ConfigProto, GraphOptions  # noqa: PLC0415
    from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig  # noqa: PLC0415

    rewriting = RewriterConfig(
        disable_tfg_optimizer=True, memory_optimization=RewriterConfig.NO_MEM_OPT
    )
    config: bytes = ConfigProto(
        graph_options=GraphOptions(rewrite_options=rewriting),
        intra_op_parallelism_threads=intra_op_parallelism,
        inter_op_parallelism_threads=inter_op_parallelism,
        allow_soft_placement=True,
    ).SerializeToString()
    return config


def _run_options(timeout_ms: int) -> ctypes._Pointer[Buffer] | None:
    if not timeout_ms:
        return None
    from tensorflow.core.protobuf.config_pb2 import RunOptions  # noqa: PLC0415

    options = RunOptions(timeout_in_ms=timeout_ms).SerializeToString()
    buffer: ctypes._Pointer[Buffer] = TF.TF_NewBufferFromString(options, len(options))
    return buffer


def _load(path: Path, graph: int, config: bytes) -> tuple[int, Any]:
    """Create a session with restored variables, and its ``MetaGraphDef``."""
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef  # noqa: PLC0415

    options, buffer = TF.TF_NewSessionOptions(), TF.TF_NewBuffer()
    try:
        with Status() as status:
            TF.TF_SetConfig(options, config, len(config), status)
        with Status() as status:
            session = TF.TF_LoadSessionFromSavedModel(
                options,
                None,
                str(path).encode(),
                (ctypes.c_char_p * 1)(_TAG),
                1,
                graph,
                buffer,
                status,
            )
        serialized = ctypes.string_at(buffer.contents.data, buffer.contents.length)
    finally:
        TF.TF_DeleteSessionOptions(options)
        TF.TF_DeleteBuffer(buffer)
    return session, MetaGraphDef.FromString(serialized)
