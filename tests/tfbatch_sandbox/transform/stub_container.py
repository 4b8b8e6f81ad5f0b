"""A container for the engine's tests: answers as ``STUB`` (JSON) in its environment says.

``record``: a file that gets a line for each request. ``fail``: a body holding ``text`` gets
``status``, the first ``times`` times. ``ping``: the status of /ping. ``parameters``: the answer to
/execution-parameters. ``exit_after``: requests until the process ends. ``exit_at_once``.
``shuffle``: seconds that a request may take, at random. ``answer``: instead of the request's body.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from pathlib import Path

from aiohttp import web

from tfbatch_sandbox.processes import supervision

TOLD = json.loads(os.environ["STUB"])


class Stub:
    """Counts and answers."""

    def __init__(self) -> None:
        self.requests = self.at_once = self.failed = 0

    async def ping(self, _: web.Request) -> web.Response:
        return web.Response(status=TOLD.get("ping", 200))

    async def parameters(self, _: web.Request) -> web.Response:
        if "parameters" not in TOLD:
            return web.Response(status=404)
        return web.json_response(TOLD["parameters"])

    async def invoke(self, request: web.Request) -> web.Response:
        self.requests += 1
        self.at_once += 1
        body = await request.read()
        self.record(request, body)
        if self.requests == TOLD.get("exit_after"):
            os._exit(3)
        await asyncio.sleep(random.random() * TOLD.get("shuffle", 0))  # noqa: S311
        self.at_once -= 1
        return self.answer(body)

    def answer(self, body: bytes) -> web.Response:
        fail = TOLD.get("fail")
        if fail and fail["text"].encode() in body and self.failed < fail.get("times", 1 << 30):
            self.failed += 1
            return web.json_response({"error": "no"}, status=fail["status"])
        return web.Response(body=TOLD["answer"].encode() if "answer" in TOLD else body)

    def record(self, request: web.Request, body: bytes) -> None:
        if "record" not in TOLD:
            return
        line = {
            "body": body.decode("latin-1"),
            "at_once": self.at_once,
            "headers": dict(request.headers),
            "pid": os.getpid(),
        }
        with Path(TOLD["record"]).open("a") as file:
            file.write(json.dumps(line) + "\n")


def main() -> None:
    """Serve until stopped."""
    supervision.hold()
    if "exit_at_once" in TOLD:
        sys.exit("this container is broken")
    if "environment" in TOLD:
        Path(TOLD["environment"]).write_text(json.dumps(dict(os.environ)))
    stub, app = Stub(), web.Application(client_max_size=1 << 30)
    app.router.add_get("/ping", stub.ping)
    app.router.add_get("/execution-parameters", stub.parameters)
    app.router.add_post("/invocations", stub.invoke)
    print("stub is up", flush=True)  # noqa: T201 (the container's log)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()
