"""An AWS API call as data, which boto3 sends or ``--show-aws`` prints as an ``aws`` command."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.aws.session import Session
    from tfbatch.terminal.output import Output

_SERVICES = {"s3": "s3api"}
"""boto3's name of a service -> the AWS CLI's, if they differ."""


@dataclass(frozen=True, slots=True)
class Call:
    """An API call. The same fields make the request and the shown command."""

    service: str
    """boto3's name of the service."""
    operation: str
    """boto3's method: ``start_execution``."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The API's parameters. A Path's content is sent; the AWS CLI reads the file itself."""
    to: Path | None = None
    """The file for the body of a response."""

    def send(self, session: Session) -> Any:  # noqa: ANN401 # each call's own
        """Send the call with boto3."""
        client = session.boto.client(self.service)  # type: ignore[call-overload]
        sent = {
            name: value.read_bytes() if isinstance(value, Path) else value
            for name, value in self.parameters.items()
        }
        return getattr(client, self.operation)(**sent)

    def command(self, session: Session) -> str:
        """Return the ``aws`` command of the call, quoted for a shell."""
        words = [_SERVICES.get(self.service, self.service), self.operation.replace("_", "-")]
        for name, value in self.parameters.items():
            words += _option(name, value)
        return aws_command(session, *words, *([str(self.to)] if self.to else []))


def show(session: Session, output: Output, *shown: Call | str) -> None:
    """Print commands, one on each line. A string is a complete command.

    They go to stdout, to be piped to a shell; with ``--json`` as one list.
    """
    lines = [one if isinstance(one, str) else one.command(session) for one in shown]
    if output.as_json:
        output.emit(lines)
    else:
        output.say("\n".join(lines))


def aws_command(session: Session, *words: str) -> str:
    """Return an ``aws`` command (``s3 sync …``), quoted, with the session's region and profile."""
    chosen = (("--region", session.region), ("--profile", session.profile))
    more = [word for option, value in chosen if value for word in (option, value)]
    return shlex.join(["aws", *words, *more])


def _option(name: str, value: Any) -> list[str]:  # noqa: ANN401 # any parameter
    """``maxResults = 5`` -> ``--max-results 5``."""
    from botocore import xform_name  # noqa: PLC0415 # costs a tenth of a second

    option = "--" + xform_name(name, "-")
    match value:
        case True:
            return [option]
        case False:
            return ["--no-" + option.removeprefix("--")]
        case Path():
            return [option, f"fileb://{value}"]
        case str():
            return [option, value]
    return [option, json.dumps(value, ensure_ascii=False)]
