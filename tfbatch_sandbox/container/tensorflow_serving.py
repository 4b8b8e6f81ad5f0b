"""The command line of TensorFlow Serving, as the container writes it.

Source: ``serve.py`` and ``tfs_utils.py`` of the TensorFlow Serving container.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_sandbox.model_server.discovery import find_models

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch_sandbox.container.settings import Batching, Settings


def command(
    program: str, *, model_dir: Path, ports: tuple[int, int], settings: Settings
) -> list[str]:
    """The program with its flags. Their files are written beside ``model_dir``.

    Args:
        program: ``tensorflow_model_server``, a name on PATH or a path.
        model_dir: stands for ``/opt/ml/model``.
        ports: gRPC and REST port.
        settings: settings of the container.
    """
    config = model_dir.parent / "model-config.cfg"
    config.write_text(model_config(model_dir))
    flags = [f"--port={ports[0]}", f"--rest_api_port={ports[1]}", f"--model_config_file={config}"]
    flags.append("--max_num_load_retries=0")
    if settings.batching is not None:
        batching = model_dir.parent / "batching-config.cfg"
        batching.write_text(batching_config(settings.batching))
        flags += ["--enable_batching=true", f"--batching_parameters_file={batching}"]
    if settings.intra_op_parallelism:
        flags.append(f"--tensorflow_intra_op_parallelism={settings.intra_op_parallelism}")
    if settings.inter_op_parallelism:
        flags.append(f"--tensorflow_inter_op_parallelism={settings.inter_op_parallelism}")
    return [program, *flags]


def model_config(model_dir: Path) -> str:
    """``ModelServerConfig`` text: all versions of all models."""
    models = "".join(
        "  config: {\n"
        f"    name: '{model.name}'\n"
        f"    base_path: '{model.path}'\n"
        "    model_platform: 'tensorflow'\n"
        "    model_version_policy: {\n"
        "      specific: {\n"
        + "".join(f"        versions: {version}\n" for version in model.versions())
        + "      }\n    }\n  }\n"
        for model in find_models(model_dir)
    )
    return f"model_config_list: {{\n{models}}}\n"


def batching_config(batching: Batching) -> str:
    """``BatchingParameters`` text: the four fields that the container sets."""
    fields = {
        "max_batch_size": batching.max_batch_size,
        "batch_timeout_micros": batching.batch_timeout_micros,
        "num_batch_threads": batching.num_batch_threads,
        "max_enqueued_batches": batching.max_enqueued_batches,
    }
    return "".join(f"{name} {{ value: {value} }}\n" for name, value in fields.items())
