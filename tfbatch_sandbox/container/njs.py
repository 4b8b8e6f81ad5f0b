"""Emulates nginx's JavaScript, which converts requests for artifacts without Python code.

CSV and JSON Lines become ``{"instances": …}``. The rules are those of ``tensorflowServing.js`` in
the images, including their oddities: text is searched by patterns, not parsed.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.container.profile import Profile

_JSON_TYPES: Final = {"application/json", "application/jsonlines", "application/jsons"}
_TFS_JSON: Final = re.compile(r'"(instances|inputs|examples)"\s*:')
_SEVERAL_OBJECTS: Final = re.compile(r"[}\]]\s*[\[{]")
_NESTED_LIST: Final = re.compile(r"\s*\[\s*\[")
_LINE_END: Final = re.compile(r"\r?\n")
_QUOTED_OR_NUMERIC: Final = re.compile(r'\s*("|[0-9.Ee+\-]+.*)')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class UnsupportedMediaTypeError(ValueError):
    """A content type other than JSON and CSV. The message is the reply."""


def to_predict_request(body: str, content_type: str | None, profile: Profile) -> str:
    """The JSON that the model server gets for a request's body.

    Args:
        body: body of the request.
        content_type: its header; 2.20 ignores parameters (``; charset=utf-8``) and case.
        profile: profile of the image.

    Raises:
        UnsupportedMediaTypeError: another content type.
    """
    kind = content_type or ""
    if profile.njs_parses:
        kind = kind.split(";")[0].strip().lower()
    if kind in _JSON_TYPES:
        return _from_json(body)
    if kind == "text/csv":
        return _from_csv(body, _fields_parsed if profile.njs_parses else _fields_guessed(body))
    raise UnsupportedMediaTypeError(f"Unsupported Media Type: {kind or 'Unknown'}")


def to_reply(body: str, accept: str | None) -> str:
    """The model server's reply, on one line if the caller accepts JSON by name."""
    kinds = [kind.strip() for kind in (accept or "").split(",")]
    if "application/json" in kinds or "application/jsonlines" in kinds:
        return body.replace("\n", "")
    return body


def _from_json(body: str) -> str:
    if _TFS_JSON.search(body):
        return body
    if _SEVERAL_OBJECTS.search(body):
        return _from_json_lines(body)
    values = body if _NESTED_LIST.match(body) else f"[{body}]"
    return f'{{"instances":{values}}}'


def _from_json_lines(body: str) -> str:
    lines = [line.strip() for line in _LINE_END.split(body.strip())]
    # A blank line between two others is dropped. A single line is used as a list.
    values = ",".join(line for line in lines if line)
    return f'{{"instances":{values}}}' if len(lines) == 1 else f'{{"instances":[{values}]}}'


def _from_csv(body: str, write: Callable[[str], str]) -> str:
    lines = (line.strip() for line in _LINE_END.split(body.strip()))
    return '{"instances":[' + ",".join(write(line) for line in lines if line) + "]}"


def _fields_parsed(line: str) -> str:
    """Parse a line, from 2.20 on: quoted fields; each field is a number or a string."""
    fields = [_field(field) for field in _split(line)]
    return f"[{','.join(fields)}]" if len(fields) > 1 else fields[0]


def _field(field: str) -> str:
    if _NUMBER.fullmatch(field.strip()):
        return field.strip()
    escaped = field.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _split(line: str) -> list[str]:
    """Split at commas outside quotes. Two quotes within quotes are one."""
    fields, is_quoted, position = [""], False, 0
    while position < len(line):
        letter = line[position]
        if letter == '"' and is_quoted and line[position + 1 : position + 2] == '"':
            fields[-1] += '"'
            position += 1
        elif letter == '"':
            is_quoted = not is_quoted
        elif letter == "," and not is_quoted:
            fields.append("")
        else:
            fields[-1] += letter
        position += 1
    return fields


def _fields_guessed(body: str) -> Callable[[str], str]:
    """Before 2.20 the first field of the first line decides whether all lines are quoted."""
    needs_quotes = not _QUOTED_OR_NUMERIC.match(body)

    def write(line: str) -> str:
        # Only the first quote and the first comma, like JavaScript's replace of a string.
        quoted = '"' + line.replace('"', '\\"', 1).replace(",", '","', 1) + '"'
        value = quoted if needs_quotes else line
        return f"[{value}]" if "," in line else value

    return write


def error(message: str, profile: Profile) -> str:
    """The body of an error."""
    # Before 2.20 the message is quoted without escaping.
    if profile.njs_parses:
        return json.dumps({"error": message}, separators=(",", ":"))
    return f'{{"error": "{message}"}}'
