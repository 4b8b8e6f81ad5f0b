"""``DataProcessing``: filters inputs and outputs, and joins them.

Source: "Associate Prediction Results with Input Records", SageMaker developer guide.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tfbatch_sandbox.transform.failure import client_error
from tfbatch_sandbox.transform.records import jsonpath

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfbatch_sandbox.transform.job import Job

_CSV: Final = "text/csv"
_JSON: Final = "application/json"
_LINES: Final = "application/jsonlines"


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """A job's ``DataProcessing``."""

    input_filter: jsonpath.JsonPath
    output_filter: jsonpath.JsonPath
    joins: bool
    is_csv: bool
    is_lines: bool
    """Whether a reply has a line for each record, or is one document."""

    def before(self, record: bytes) -> bytes:
        """Apply ``InputFilter`` to a record.

        Raises:
            ObjectFailure: the record can't be parsed, or the filter selects nothing.
        """
        if not self.input_filter.steps:
            return record
        return self._write(self._select(self.input_filter, self._parse(record)))

    def after(self, records: Sequence[bytes], reply: bytes) -> bytes:
        """Join each record with its result and apply ``OutputFilter``, a line each.

        Raises:
            ObjectFailure: there are not as many results as records, or one can't be parsed.
        """
        results = self._split(reply)
        if len(results) != len(records):
            raise client_error(
                "DataProcessing needs one result for each record: got "
                f"{len(results)} results for {len(records)} records"
            )
        return b"\n".join(
            self._write(self._select(self.output_filter, self._join(record, self._parse(result))))
            for record, result in zip(records, results, strict=True)
        )

    def _split(self, reply: bytes) -> list[bytes]:
        return reply.rstrip(b"\r\n").split(b"\n") if self.is_lines else [reply]

    def _join(self, record: bytes, result: Any) -> Any:  # noqa: ANN401 (any JSON value)
        if not self.joins:
            return result
        source = self._parse(record)
        if self.is_csv:
            return source + result
        if isinstance(source, dict):
            return source | {"SageMakerOutput": result}
        return {"SageMakerInput": source, "SageMakerOutput": result}

    def _select(self, path: jsonpath.JsonPath, value: Any) -> Any:  # noqa: ANN401
        try:
            return path.select(value)
        except jsonpath.PathError as error:
            raise client_error(f"DataProcessing failed: {error}") from error

    def _parse(self, data: bytes) -> Any:  # noqa: ANN401
        try:
            text = data.decode()
            if not self.is_csv:
                return json.loads(text)
            rows = list(csv.reader([text.rstrip("\r\n")], strict=True))
        except (ValueError, csv.Error) as error:
            kind = "CSV" if self.is_csv else "JSON"
            raise client_error(f"DataProcessing failed: not {kind}: {error}") from error
        return rows[0] if rows else []

    def _write(self, value: Any) -> bytes:  # noqa: ANN401
        if not self.is_csv:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(value if isinstance(value, list) else [value])
        return line.getvalue().encode()


def processing_of(job: Job) -> Processing | None:
    """The job's ``DataProcessing``; ``None`` to write each reply unchanged.

    Raises:
        ValueError: its formats, split type or filters aren't supported.
    """
    wanted = {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}
    wanted |= {name: value for name, value in job.data_processing.items() if value}
    if wanted == {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}:
        return None
    content_type = _checked_format(job)
    return Processing(
        input_filter=jsonpath.parse(wanted["InputFilter"]),
        output_filter=jsonpath.parse(wanted["OutputFilter"]),
        joins=wanted["JoinSource"] == "Input",
        is_csv=content_type == _CSV,
        is_lines=job.input.split_type == "Line",
    )


def _checked_format(job: Job) -> str:
    accept = job.output.accept
    content_type = (job.input.content_type or "").partition(";")[0].strip()
    if content_type != accept or content_type not in (_CSV, _JSON, _LINES):
        raise ValueError(
            f"DataProcessing needs the same ContentType ({content_type}) and Accept ({accept}), "
            f"one of {_CSV}, {_JSON} and {_LINES}"
        )
    split, assemble = job.input.split_type, job.output.assemble_with
    if split != assemble or split not in ("None", "Line"):
        raise ValueError(
            f"DataProcessing needs SplitType ({split}) and AssembleWith ({assemble}) to be the "
            "same, None or Line"
        )
    if content_type == _CSV and split != "Line":
        raise ValueError(f"DataProcessing needs SplitType Line for {_CSV}, got {split}")
    return content_type
