"""Errors that end a command with one line and a remedy, without a traceback."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from tfbatch.terminal import exit_codes, extras

if TYPE_CHECKING:
    from collections.abc import Iterator


class Problem(click.ClickException):
    """The command can't do it. The message names the value and the remedy."""

    exit_code = exit_codes.FAILED


_CREDENTIALS = "run 'aws configure' or 'aws sso login', name a --profile, or start a sandbox"
_REMEDIES = {
    "NoCredentialsError": f"There are no AWS credentials: {_CREDENTIALS}.",
    "PartialCredentialsError": f"The AWS credentials are incomplete: {_CREDENTIALS}.",
    "NoRegionError": "No AWS region is chosen: add --region, or set AWS_REGION.",
    "TokenRetrievalError": "The single sign-on has expired: run 'aws sso login'.",
    "SSOTokenLoadError": "There is no single sign-on: run 'aws sso login'.",
    "UnauthorizedSSOTokenError": "The single sign-on has expired: run 'aws sso login'.",
}
"""By the name of botocore's exception."""

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}


@contextmanager
def explained() -> Iterator[None]:
    """Turn errors of the AWS SDK, and missing optional packages, into Problems."""
    try:
        yield
    except Exception as error:
        if message := remedy(error):
            raise Problem(message) from error
        raise


def remedy(error: Exception) -> str | None:
    """Return the remedy for an error of the AWS SDK or a missing package, else ``None``.

    It compares names, because importing botocore would slow every command's start.
    """
    if isinstance(error, ModuleNotFoundError):
        return extras.remedy(error)
    if not type(error).__module__.startswith(("botocore.", "boto3.")):
        return None
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        return _refused(str(error), response["Error"].get("Code", ""))
    name, text = type(error).__name__, " ".join(str(error).split())
    if name in {"EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError"}:
        return f"{text} Is the sandbox of AWS_ENDPOINT_URL still up ('tfbatch sandbox status')?"
    if name == "ProfileNotFound":
        return f"{text}: 'aws configure list-profiles' lists those there are."
    return _REMEDIES.get(name, text)


def _refused(text: str, code: str) -> str:
    """AWS's answer, with the remedy if there is a common one."""
    if code in _EXPIRED:
        return f"{text}: the credentials have expired or are not of this account; {_CREDENTIALS}."
    if code in _DENIED:
        return (
            f"{text}: the credentials may not; 'aws sts get-caller-identity' says whose they are."
        )
    return text
