"""Refuses a log group whose key doesn't allow CloudWatch Logs to use it.

Source: CloudWatch Logs user guide, "Encrypt log data in CloudWatch Logs using AWS KMS".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.logs.models import LogsBackend

from tfbatch_sandbox.authorization import actor
from tfbatch_sandbox.authorization.call import Call, Place
from tfbatch_sandbox.services.errors import ApiError
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.services.runtime import Runtime

_USES = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")


def install(runtime: Runtime) -> None:
    """Check the key of each new group."""
    replace(LogsBackend, "create_log_group", _checked(runtime, LogsBackend.create_log_group))


def _checked(runtime: Runtime, original: Callable[..., Any]) -> Callable[..., Any]:
    def create_log_group(
        backend: LogsBackend,
        log_group_name: str,
        tags: dict[str, str],
        **more: Any,  # noqa: ANN401 - moto's
    ) -> Any:  # noqa: ANN401
        key = str(more.get("kmsKeyId") or more.get("KmsKeyId") or "")
        if runtime.guard.enforces and key.startswith("arn:"):
            _check(runtime, backend, log_group_name, key)
        return original(backend, log_group_name, tags, **more)

    return create_log_group


def _check(runtime: Runtime, backend: LogsBackend, name: str, key: str) -> None:
    """Weigh the key's policy as CloudWatch Logs.

    Raises:
        ApiError: a use is denied.
    """
    region, account = backend.region_name, backend.account_id
    group = Place(account=account, region=region).arn("logs", f"log-group:{name}")
    logs = actor.service(f"logs.{region}.amazonaws.com", account=account, source_arn=group)
    context = {"kms:encryptioncontext:aws:logs:arn": group}
    for action in _USES:
        if not runtime.guard.decide(
            logs, Call(action=action, resource=key, context=context)
        ).allowed:
            raise ApiError(
                "InvalidParameterException",
                "The specified KMS key does not exist or is not allowed to be used with Arn "
                f"'{group}'",
            )
