"""Authorizes every incoming request before moto answers it.

moto's own authorization knows neither resources nor conditions. This one replaces it: in
``call_action`` of every service, and in what S3 calls before it acts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model

from tfbatch_sandbox.authorization.api_calls import api_calls
from tfbatch_sandbox.authorization.call import Place
from tfbatch_sandbox.authorization.encryption import key_calls
from tfbatch_sandbox.authorization.guard import DeniedError
from tfbatch_sandbox.authorization.s3_calls import MalformedDeletionError, deletions, s3_calls
from tfbatch_sandbox.services.errors import ApiError
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moto.s3.models import S3Backend
    from moto.s3.responses import S3Response

    from tfbatch_sandbox.authorization.actor import Actor
    from tfbatch_sandbox.authorization.call import Call
    from tfbatch_sandbox.authorization.guard import Guard
    from tfbatch_sandbox.authorization.sessions import Sessions

_KEY: Final = re.compile(r"(?:Credential=|AWSAccessKeyId=|Credential%3D)([\w-]+)")
_FREE: Final = frozenset({"GetCallerIdentity", "GetSessionToken"})
"""Operations that need no permission."""
_WITH_POLICIES: Final = frozenset({"awslambda", "kms", "sns", "sts"})
"""Services whose resource policies may deny even the root user."""
_CODES: Final = {
    "cloudformation": "AccessDenied",
    "cloudwatch": "AccessDenied",
    "iam": "AccessDenied",
    "sns": "AuthorizationError",
    "sts": "AccessDenied",
}
_FORBIDDEN: Final = 403
_BY_STATUS_400: Final = frozenset({"json"})


def install(guard: Guard, sessions: Sessions) -> None:
    """Authorize requests of every service that names its actions."""
    original = BaseResponse.call_action

    def call_action(response: BaseResponse) -> Any:  # noqa: ANN401 - moto's
        asking = sessions.actor(_access_key(response))
        try:
            guard.check(asking, _calls(response, asking))
        except DeniedError as denied:
            return _refuse(response, str(denied))
        return original(response)

    if guard.enforces:
        replace(BaseResponse, "call_action", call_action)


def install_for_s3(guard: Guard, sessions: Sessions) -> None:
    """Authorize requests of S3, which has actions by method and path."""
    from moto.s3.exceptions import (  # noqa: PLC0415 - a second
        BucketAccessDeniedError,
        MalformedXML,
        S3ClientError,
    )
    from moto.s3.responses import S3Response  # noqa: PLC0415

    def authorize(
        response: S3Response, bucket_name: str | None = None, key_name: str | None = None
    ) -> None:
        asking = sessions.actor(_access_key(response))
        try:
            guard.check(asking, _s3(response, bucket_name, key_name))
            guard.check(asking, _if_missing(response, bucket_name, key_name))
        except MalformedDeletionError as error:
            raise MalformedXML from error
        except DeniedError as denied:
            if _deletes(response):  # which reports each object in the response
                raise BucketAccessDeniedError(bucket=str(bucket_name)) from denied
            raise S3ClientError("AccessDenied", str(denied)) from denied

    if guard.enforces:
        replace(S3Response, "_authenticate_and_authorize_s3_action", authorize)


def access_key(authorization: str, query: str = "") -> str:
    """The access key of a request, from its header or its presigned URL; empty if there is none."""
    found = _KEY.search(authorization) or _KEY.search(query.replace("%2F", "/"))
    return found[1] if found else ""


def _access_key(response: BaseResponse) -> str:
    return access_key(response.headers.get("Authorization", ""), response.parsed_url.query)


def _calls(response: BaseResponse, asking: Actor) -> Iterator[Call]:
    operation = response._get_action()  # noqa: SLF001 - moto has no public seam here
    service = str(response.service_name)
    if not operation or operation in _FREE or (asking.is_owner and service not in _WITH_POLICIES):
        return
    place = Place(account=response.current_account, region=response.region)
    yield from api_calls(service, operation, _parameters(response), place)


def _parameters(response: BaseResponse) -> dict[str, Any]:
    """The request's parameters by the names of the service model, for any protocol."""
    request = response.normalized_request
    model = get_service_model(response.boto3_service_name)
    operation = model.operation_model(response._get_action())  # noqa: SLF001
    protocol = determine_request_protocol(model, request.content_type)
    parser = PROTOCOL_PARSERS[protocol](operation, map_type=dict)
    given: dict[str, Any] = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": response.uri_match,
        }
    )
    return given


def _refuse(response: BaseResponse, message: str) -> Any:  # noqa: ANN401 - moto's
    code = _CODES.get(str(response.service_name), "AccessDeniedException")
    status, headers, body = response.serialized(ActionResult(ApiError(code, message)))
    model = get_service_model(response.boto3_service_name)
    shown = status if model.protocol in _BY_STATUS_400 else _FORBIDDEN
    return shown, headers | {"status": str(shown)}, body


def _s3(response: S3Response, bucket: str | None, key: str | None) -> Iterator[Call]:
    if bucket is not None and _deletes(response):
        yield from deletions(bucket, response.body)
        return
    headers = {name.lower(): value for name, value in response.headers.items()}
    query = _query(response)
    if bucket is not None and key is not None:
        yield from object_calls(response.backend, response.method, bucket, key, query, headers)
    else:
        yield from s3_calls(
            method=response.method, bucket=bucket, key=key, query=query, headers=headers
        )


def object_calls(  # noqa: PLR0913, PLR0917 - the parts of an HTTP request
    backend: S3Backend,
    method: str,
    bucket: str,
    key: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
) -> Iterator[Call]:
    """The IAM calls of a request for an object: of S3, and of the object's KMS key."""
    yield from s3_calls(method=method, bucket=bucket, key=key, query=query, headers=headers)
    yield from key_calls(backend, method, bucket, key, query, headers)


def _if_missing(response: S3Response, bucket: str | None, key: str | None) -> Iterator[Call]:
    """Only a principal that may list a bucket gets 404 for a missing object."""
    if bucket is None or key is None or response.method not in {"GET", "HEAD"}:
        return
    found = response.backend.buckets.get(bucket)
    if found is not None and key not in found.keys:
        yield from s3_calls(method="GET", bucket=bucket, key=None, query={}, headers={})


def _deletes(response: S3Response) -> bool:
    return response.method == "POST" and "delete" in _query(response)


def _query(response: S3Response) -> dict[str, str]:
    return dict(parse_qsl(response.parsed_url.query, keep_blank_values=True))
