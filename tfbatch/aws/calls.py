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
"""boto3's name of a service -> the AWS CLI's, where they differ."""


@dataclass(frozen=True, slots=True)
class Call:
    """One API call. What is shown is what is sent, since both are made of this."""

    service: str
    """As boto3 names it."""
    operation: str
    """As boto3 names its method: ``start_execution``."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """As the API names them. A Path's content is sent; the AWS CLI reads it by itself."""
    to: Path | None = None
    """Where the AWS CLI puts the body of an answer that has one."""

    def send(self, session: Session) -> Any:  # noqa: ANN401 # each call's own
        """Make the call."""
        client = session.boto.client(self.service)  # type: ignore[call-overload]
        sent = {
            name: value.read_bytes() if isinstance(value, Path) else value
            for name, value in self.parameters.items()
        }
        return getattr(client, self.operation)(**sent)

    def command(self, session: Session) -> str:
        """Return the command that makes the call, quoted for a shell."""
        words = [_SERVICES.get(self.service, self.service), self.operation.replace("_", "-")]
        for name, value in self.parameters.items():
            words += _option(name, value)
        return aws_command(session, *words, *([str(self.to)] if self.to else []))


def show(session: Session, output: Output, *shown: Call | str) -> None:
    """Print commands, one a line; a text is a command that is whole already.

    They go to stdout, to be piped to a shell; with ``--json`` as one list.
    """
    lines = [one if isinstance(one, str) else one.command(session) for one in shown]
    if output.as_json:
        output.emit(lines)
    else:
        output.say("\n".join(lines))


def aws_command(session: Session, *words: str) -> str:
    """Return any ``aws`` command (``s3 sync …``), quoted, for a session's region and profile."""
    chosen = (("--region", session.region), ("--profile", session.profile))
    more = [word for option, value in chosen if value for word in (option, value)]
    return shlex.join(["aws", *words, *more])


def _option(name: str, value: Any) -> list[str]:  # noqa: ANN401 # of any parameter
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
