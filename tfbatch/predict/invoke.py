"""Sends files to an endpoint, several at a time, and yields the answers in order."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.predict.content_types import guess
from tfbatch.terminal.problem import Problem, remedy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

    from tfbatch.aws.session import Session
    from tfbatch.files.file_store import FileStore

MAX_BYTES = 6_291_456
"""Maximum body of a request in InvokeEndpoint's service model."""
_READ_SECONDS = 70
"""A model may take 60 s to answer. InvokeEndpoint's documentation recommends 70."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The result of one file."""

    file: str
    seconds: float
    predictions: tuple[Any, ...] = ()
    """One for each record of the file."""
    error: str | None = None
    """Why there is none, and what to do."""

    @property
    def is_good(self) -> bool:
        """Whether every record has a prediction."""
        return self.error is None and not any(map(is_error, self.predictions))

    def document(self) -> dict[str, Any]:
        """The document of ``--json``."""
        said: dict[str, Any] = {"file": self.file, "seconds": round(self.seconds, 3)}
        if self.error is not None:
            return said | {"error": self.error}
        return said | {"predictions": self.predictions}


def is_error(prediction: Any) -> bool:  # noqa: ANN401 # any JSON
    """Whether a line is an error line of the handler."""
    return isinstance(prediction, dict) and prediction.keys() == {"error"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """An endpoint and its options."""

    client: SageMakerRuntimeClient
    name: str
    content_type: str | None
    """Content type of every file; ``None`` detects each."""
    accept: str

    @classmethod
    def of(
        cls, session: Session, *, name: str, content_type: str | None, accept: str, at_once: int
    ) -> Endpoint:
        """An endpoint with this many requests at a time."""
        from botocore.config import Config  # noqa: PLC0415 # slow to import

        config = Config(
            read_timeout=_READ_SECONDS,
            max_pool_connections=at_once,
            retries={"mode": "standard", "max_attempts": 4},
        )
        client = session.boto.client("sagemaker-runtime", config=config)
        return cls(client=client, name=name, content_type=content_type, accept=accept)

    def ask(self, folder: FileStore, name: str) -> Answer:
        """Send one file."""
        begun = time.monotonic()
        file = folder.shown(name)
        try:
            predictions = self._ask(folder, name)
        except (Problem, OSError) as error:
            return Answer(file=file, seconds=time.monotonic() - begun, error=str(error))
        except Exception as error:
            said = self._explained(error)
            if said is None:
                raise
            return Answer(file=file, seconds=time.monotonic() - begun, error=said)
        return Answer(file=file, seconds=time.monotonic() - begun, predictions=predictions)

    def _ask(self, folder: FileStore, name: str) -> tuple[Any, ...]:
        stream = folder.open(name)
        try:
            body = stream.read(MAX_BYTES + 1)
        finally:
            stream.close()
        if len(body) > MAX_BYTES:
            raise Problem(
                f"{folder.shown(name)} is larger than the {MAX_BYTES / 1024**2:g} MiB that an "
                "endpoint takes: use 'tfbatch run', whose jobs take up to 100 MB."
            )
        reply = self.client.invoke_endpoint(
            EndpointName=self.name,
            ContentType=self.content_type or guess(name, body),
            Accept=self.accept,
            Body=body,
        )
        return _predictions(reply["Body"].read().decode())

    def _explained(self, error: Exception) -> str | None:
        """The container's or AWS's message, and where to look; ``None`` if there is none."""
        response = getattr(error, "response", None) or {}
        if response.get("Error", {}).get("Code") != "ModelError":
            return remedy(error)
        status, said = response.get("OriginalStatusCode"), response.get("OriginalMessage", "")
        return (
            f"the container answered {status}: {_words(said)} (its log: "
            f"aws logs tail /aws/sagemaker/Endpoints/{self.name})"
        )


def ask_all(
    endpoint: Endpoint, files: Iterable[tuple[FileStore, str]], *, at_once: int
) -> Iterator[Answer]:
    """Send every file. It stops if AWS says that there is no endpoint."""
    with ThreadPoolExecutor(at_once) as threads:
        yield from threads.map(lambda one: endpoint.ask(*one), files)


def _predictions(body: str) -> tuple[Any, ...]:
    """One for each line, or for each element of a JSON list."""
    said = tuple(map(_prediction, body.splitlines()))
    return tuple(said[0]) if len(said) == 1 and isinstance(said[0], list) else said


def _prediction(line: str) -> Any:  # noqa: ANN401 # any JSON
    """A line as JSON, or as text: CSV, or a format of the user's own."""
    try:
        return json.loads(line)
    except ValueError:
        return line


def _words(said: str) -> str:
    """The message of a container's answer: falcon's, the handler's, or the text."""
    try:
        document = json.loads(said)
    except ValueError:
        return " ".join(said.split()) or "nothing"
    if not isinstance(document, dict):
        return said
    return str(document.get("description") or document.get("error") or said)
