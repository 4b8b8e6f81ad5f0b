"""A transform job without a model: writes one line for each object of its manifest.

It stands for the engine where the soak is about executions, shards and runs.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from tfbatch_sandbox.processes import supervision

_LINE: Final = b'{"classes": [7], "probabilities": [1.0]}\n'


def _connect() -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc)


@dataclass(frozen=True, slots=True)
class _Store:
    """S3 over one connection, as the job's role. The sandbox doesn't verify signatures."""

    connection: http.client.HTTPConnection = field(default_factory=_connect)

    def call(self, method: str, uri: str, body: bytes | None = None) -> bytes:
        """The response's body.

        Raises:
            OSError: the status is not 200.
        """
        scope = f"{os.environ['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/s3/aws4_request"
        signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
        path = "/" + quote(uri.removeprefix("s3://"))
        self.connection.request(method, path, body, {"Authorization": signed})
        response = self.connection.getresponse()
        text = response.read()
        if response.status != http.client.OK:
            raise OSError(f"{method} {uri}: {response.status} {text!r}")
        return text


def _tell(event: str) -> None:
    print(json.dumps({"event": event}), flush=True)


def main() -> None:
    """Run the job of the folder in the argument."""
    supervision.hold()
    request = json.loads((Path(sys.argv[1]) / "request.json").read_text())["request"]
    _tell("started")
    store = _Store()
    manifest = request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    _, *names = json.loads(store.call("GET", manifest))
    folder = request["TransformOutput"]["S3OutputPath"].rstrip("/")
    for name in names:
        store.call("PUT", f"{folder}/{name}.out", _LINE)
    _tell("completed")


if __name__ == "__main__":
    main()
