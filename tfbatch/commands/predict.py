"""``tfbatch predict``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tfbatch.terminal import exit_codes
from tfbatch.terminal.options import aws_options, json_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tfbatch.aws.calls import Call
    from tfbatch.aws.session import Session
    from tfbatch.files.file_store import FileStore
    from tfbatch.predict.invoke import Answer
    from tfbatch.terminal.output import Output


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--endpoint", metavar="NAME", help="Ask this endpoint.  [default: that of the stage]")
@click.option(
    "--content-type",
    metavar="TYPE",
    help="What the files are, such as image/jpeg.  [default: from each file's name]",
)
@click.option(
    "--accept",
    default="application/json",
    show_default=True,
    metavar="TYPE",
    help="How the answers are written: JSON, application/jsonlines or text/csv.",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 256),
    default=8,
    show_default=True,
    help="Files in flight at a time.",
)
@aws_options
@json_option
@click.pass_context
def predict(  # noqa: PLR0913 # one for each option
    ctx: click.Context,
    *,
    files: tuple[str, ...],
    endpoint: str | None,
    content_type: str | None,
    accept: str,
    at_once: int,
    session: Session,
    output: Output,
) -> None:
    """Ask a stage's endpoint about files.

    FILE is a file or a folder, here or in S3: a photograph, or a file of many records (TFRecord,
    JSON lines, CSV), of at most 6 MiB. The exit code is 3 when some records have no prediction,
    1 when none has.
    """
    from tfbatch.aws.calls import show  # noqa: PLC0415
    from tfbatch.predict import endpoint_name, invoke  # noqa: PLC0415
    from tfbatch.records.checking import files as files_of  # noqa: PLC0415

    found = list(files_of(files))
    name = endpoint or endpoint_name.find(session)
    if session.show_aws:
        show(session, output, *_calls(session, found, name, content_type, accept))
        return
    endpoint_name.require_in_service(session, name)
    asked = invoke.Endpoint.of(
        session, name=name, content_type=content_type, accept=accept, at_once=at_once
    )
    answers = []
    for answer in invoke.ask_all(asked, found, at_once=at_once):
        output.emit(answer.document())
        answers.append(answer)
    if not output.as_json:
        _show(output, answers)
    ctx.exit(_exit_code(answers))


def _calls(
    session: Session,
    files: Iterable[tuple[FileStore, str]],
    endpoint: str,
    content_type: str | None,
    accept: str,
) -> Iterable[Call | str]:
    """InvokeEndpoint for each file, which the AWS CLI reads."""
    from contextlib import closing  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from tfbatch.aws.calls import Call, aws_command  # noqa: PLC0415
    from tfbatch.predict.content_types import guess  # noqa: PLC0415

    for folder, name in files:
        path = Path(folder.shown(name))
        if folder.shown(name).startswith("s3://"):
            path = Path(path.name)
            yield aws_command(session, "s3", "cp", folder.shown(name), str(path))
        with closing(folder.open(name)) as stream:
            kind = content_type or guess(name, stream.read(16))
        yield Call(
            "sagemaker-runtime",
            "invoke_endpoint",
            {"EndpointName": endpoint, "ContentType": kind, "Accept": accept, "Body": path},
            to=Path(f"{path.name}.out"),
        )


def _show(output: Output, answers: Sequence[Answer]) -> None:
    from tfbatch.predict.table import table  # noqa: PLC0415

    console = output.console()
    console.print(table(answers))
    records = sum(len(answer.predictions) for answer in answers)
    slowest = max(answer.seconds for answer in answers)
    console.print(
        f"{records:,} records of {len(answers):,} files; the slowest answer took {slowest:.1f} s"
    )


def _exit_code(answers: Sequence[Answer]) -> int:
    if all(answer.is_good for answer in answers):
        return exit_codes.OK
    has_any = any(answer.predictions for answer in answers)
    return exit_codes.ATTENTION if has_any else exit_codes.FAILED
