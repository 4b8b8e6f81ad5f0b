"""``python -m tfbatch_sandbox.model_server``: the server, with TensorFlow Serving's flags."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from pathlib import Path
from typing import Any

import click

from tfbatch_sandbox.model_server.batching import BatchingParameters
from tfbatch_sandbox.model_server.discovery import find_models
from tfbatch_sandbox.model_server.models import Models
from tfbatch_sandbox.processes import supervision

_log = logging.getLogger("tfbatch_sandbox.model_server")


@click.command()
@click.option("--model-dir", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--rest-port", type=int, required=True, help="On 127.0.0.1.")
@click.option("--port", type=int, help="gRPC on 127.0.0.1; none without it.")
@click.option("--enable-batching", is_flag=True)
@click.option("--max-batch-size", type=int, default=1000, show_default=True)
@click.option("--batch-timeout-micros", type=int, default=0, show_default=True)
@click.option("--num-batch-threads", type=int, default=os.cpu_count(), show_default="CPUs")
@click.option("--max-enqueued-batches", type=int, default=10, show_default=True)
@click.option("--intra-op-parallelism", type=int, default=0, help="0: TensorFlow chooses.")
@click.option("--inter-op-parallelism", type=int, default=0, help="0: TensorFlow chooses.")
@click.option("--rest-timeout-ms", type=int, default=30_000, show_default=True)
@click.option("--max-body-mb", type=int, default=1024, show_default=True)
def main(**options: Any) -> None:  # noqa: ANN401 (click's)
    """Serve every SavedModel under MODEL_DIR over TensorFlow Serving's REST and gRPC APIs."""
    supervision.hold()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(_serve(**options))


async def _serve(
    *,
    model_dir: Path,
    rest_port: int,
    port: int | None,
    rest_timeout_ms: int,
    max_body_mb: int,
    **options: Any,  # noqa: ANN401 (click's)
) -> None:
    from aiohttp import web  # noqa: PLC0415 (loads beside the models)

    models = Models.of(find_models(model_dir))
    _load_beside(models, options)
    from tfbatch_sandbox.model_server import grpc_api  # noqa: PLC0415
    from tfbatch_sandbox.model_server.predictor import Predictor  # noqa: PLC0415
    from tfbatch_sandbox.model_server.rest import application  # noqa: PLC0415

    predictor = Predictor(batching=_batching(options), timeout_ms=rest_timeout_ms)
    app = application(models=models, predictor=predictor, max_body_bytes=max_body_mb * 1024 * 1024)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", rest_port).start()
    _log.info("REST API at http://127.0.0.1:%d", rest_port)
    grpc_server = (
        None
        if port is None
        else await grpc_api.start(models=models, predictor=predictor, port=port)
    )
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopped.set)
    await stopped.wait()
    if grpc_server is not None:
        await grpc_server.stop(grace=None)
    await runner.cleanup()
    os._exit(0)  # a running graph would keep the threads, and the process, alive


def _batching(options: dict[str, Any]) -> BatchingParameters | None:
    if not options["enable_batching"]:
        return None
    return BatchingParameters(
        max_batch_size=options["max_batch_size"],
        batch_timeout_micros=options["batch_timeout_micros"],
        num_batch_threads=options["num_batch_threads"],
        max_enqueued_batches=options["max_enqueued_batches"],
    )


def _load_beside(models: Models, options: dict[str, Any]) -> None:
    """Load in a thread, so that the port answers with the models' states meanwhile."""

    def load() -> None:
        from tfbatch_sandbox.model_server.tensorflow.servable import Servable  # noqa: PLC0415
        from tfbatch_sandbox.model_server.warmup import warm_up  # noqa: PLC0415

        def load_version(path: Path) -> Servable:
            servable = Servable(
                path,
                intra_op_parallelism=options["intra_op_parallelism"],
                inter_op_parallelism=options["inter_op_parallelism"],
            )
            warm_up(servable, path)
            return servable

        models.load(load_version)
        _exit_on_failure(models)

    threading.Thread(target=load, daemon=True, name="loader").start()


def _exit_on_failure(models: Models) -> None:
    """Exit if a version can't be loaded, as TensorFlow Serving does."""
    failures = models.failures()
    if not failures:
        return
    reasons = ", ".join(f"{{{name} due to error: {why}}}" for name, why in failures.items())
    _log.error(
        "Failed to start server. Error: Unknown: %d servable(s) did not become available: {%s}",
        len(failures),
        reasons,
    )
    logging.shutdown()
    os._exit(255)


if __name__ == "__main__":
    main()
