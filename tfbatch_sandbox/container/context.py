"""The ``Context`` object that the service passes to a handler."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import falcon

    from tfbatch_sandbox.container.profile import Profile

_ATTRIBUTES_HEADER: Final = "X-Amzn-SageMaker-Custom-Attributes"
_DEFAULT_TYPE: Final = "application/json"
_MODEL_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_METHODS: Final = {"predict", "classify", "regress"}


class BadAttributeError(ValueError):
    """A ``tfs-…`` custom attribute that would make an invalid address."""


class OldContext(NamedTuple):
    """The context of 2.19 and older images."""

    model_name: str | None
    model_version: str | None
    method: str | None
    rest_uri: str
    grpc_port: str
    channel: Any
    custom_attributes: str | None
    request_content_type: str
    accept_header: str
    content_length: int | None


class Context(NamedTuple):
    """The context of 2.20, with the time-out of predict requests in seconds."""

    model_name: str | None
    model_version: str | None
    method: str | None
    rest_uri: str
    grpc_port: str
    channel: Any
    custom_attributes: str | None
    request_content_type: str
    accept_header: str
    content_length: int | None
    timeout: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What all requests to one model server have in common."""

    rest_port: str
    grpc_port: str
    channel: Any
    default_model_name: str
    timeout: int
    """Seconds for a predict request, if the image supports it."""


def make_context(
    request: falcon.Request, *, profile: Profile, server: Server
) -> Context | OldContext:
    """Create the context of one request.

    ``model_name``, ``model_version`` and ``method`` are ``None`` unless the request's custom
    attributes set them, which transform jobs never do.

    Raises:
        BadAttributeError: in images that check the attributes.
    """
    attributes = _attributes(request)
    if profile.checks_attributes:
        _check(attributes)
    fields = OldContext(
        model_name=attributes.get("tfs-model-name"),
        model_version=attributes.get("tfs-model-version"),
        method=attributes.get("tfs-method"),
        rest_uri=_uri(server.rest_port, attributes, server.default_model_name),
        grpc_port=server.grpc_port,
        channel=server.channel,
        custom_attributes=request.get_header(_ATTRIBUTES_HEADER),
        request_content_type=request.get_header("Content-Type") or _DEFAULT_TYPE,
        accept_header=request.get_header("Accept") or _DEFAULT_TYPE,
        content_length=request.content_length,
    )
    return Context(*fields, timeout=server.timeout) if profile.context_has_timeout else fields


def _attributes(request: falcon.Request) -> dict[str, str]:
    header = request.get_header(_ATTRIBUTES_HEADER) or ""
    pairs = (match.split("=", 1) for match in re.findall(r"tfs-[a-z\-]+=[^,]+", header))
    return {name: value for name, value in pairs}  # noqa: C416 (pairs are lists of two)


def _check(attributes: dict[str, str]) -> None:
    name, version = attributes.get("tfs-model-name"), attributes.get("tfs-model-version")
    if name is not None and not _MODEL_NAME.fullmatch(name):
        raise BadAttributeError("invalid tfs-model-name")
    if version is not None and not re.fullmatch(r"\d+", version):
        raise BadAttributeError("invalid tfs-model-version: must be a positive integer")
    if attributes.get("tfs-method", "predict") not in _METHODS:
        raise BadAttributeError("invalid tfs-method: must be one of predict|classify|regress")


def predict_uri(
    request: falcon.Request, *, port: str, default_model_name: str, profile: Profile
) -> str:
    """The path of a request on the model server, from its custom attributes.

    Raises:
        BadAttributeError: in images that check the attributes.
    """
    attributes = _attributes(request)
    if profile.checks_attributes:
        _check(attributes)
    return _uri(port, attributes, default_model_name)


def _uri(port: str, attributes: dict[str, str], default_model_name: str) -> str:
    version = attributes.get("tfs-model-version")
    return (
        f"http://localhost:{port}/v1/models/{attributes.get('tfs-model-name', default_model_name)}"
        + (f"/versions/{version}" if version else "")
        + f":{attributes.get('tfs-method', 'predict')}"
    )
