"""The rival for TFRecord: the article's handler, one tf.Example a request, parsed by TensorFlow."""

from __future__ import annotations

import json
from string import whitespace
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from requests import Response


def input_handler(data: Any, context: Any) -> str:  # noqa: ANN401
    """The Example's image in base64: MessageToDict gives bytes so."""
    if context.request_content_type != "application/x-tfexample":
        raise ValueError(f"unsupported content type {context.request_content_type!r}")
    example = tf.train.Example()
    example.ParseFromString(data.read())
    features = MessageToDict(example.features)["feature"]
    encoded = features["image/encoded"]["bytesList"]["value"][0]
    return json.dumps({"instances": [{"b64": encoded}]})


def output_handler(response: Response, context: Any) -> tuple[str, str]:  # noqa: ANN401
    """TensorFlow Serving's reply without its white space, so that a record is a line."""
    if response.status_code != 200:  # noqa: PLR2004
        raise ValueError(response.content.decode("utf-8"))
    text = response.content.decode("utf-8")
    return text.translate(dict.fromkeys(map(ord, whitespace))), context.accept_header
