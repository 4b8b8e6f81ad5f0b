"""Exports a network that a user's function returns."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfbatch.export.catalog import Built, Recipe
from tfbatch.terminal.problem import Problem
from tfbatch_cdk.settings.model import NAME

if TYPE_CHECKING:
    from collections.abc import Callable


def recipe(target: str, *, name: str, pixels: str, labels: Path | None) -> Recipe:
    """The recipe of ``MODULE:FUNCTION``.

    Args:
        target: a function without arguments that returns a ``keras.Model``.
        name: name of the model.
        pixels: one of ``tfbatch.export.variant.PIXELS``.
        labels: a file with a class name on each line.

    Raises:
        Problem: the function doesn't exist.
    """
    if not NAME.fullmatch(name):
        raise Problem(f"--name = {name!r}: use lower-case letters, digits and single hyphens.")
    function = _function(target)
    sources = [inspect.getsourcefile(function), str(labels) if labels else None]
    return Recipe(
        name=name,
        build=lambda: _built(function, target, pixels=pixels, labels=labels),
        sources=tuple(filter(None, sources)),
        identity=f"{target} {pixels}",
    )


def _function(target: str) -> Callable[[], Any]:
    module, _, name = target.partition(":")
    sys.path.insert(0, str(Path.cwd()))  # as ``python -m`` finds modules
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise Problem(
            f"{target}: {error}; name a module that Python finds from here, as MODULE:FUNCTION."
        ) from error
    function = getattr(found, name, None)
    if not callable(function):
        some = ", ".join(sorted(k for k, v in vars(found).items() if inspect.isfunction(v)))
        raise Problem(f"{target}: {module} has no function {name!r}; it has {some or 'none'}.")
    return function  # type: ignore[no-any-return] # checked: callable


def _built(function: Callable[[], Any], target: str, *, pixels: str, labels: Path | None) -> Built:
    import keras  # noqa: PLC0415 - seconds

    network = function()
    if not isinstance(network, keras.Model):
        raise Problem(f"{target} returned {type(network).__name__}, not a keras.Model.")
    _check_shapes(network, target)
    names = tuple(labels.read_text(encoding="utf-8").splitlines()) if labels else ()
    classes = network.output_shape[-1]
    if names and len(names) != classes:
        raise Problem(f"--labels {labels} has {len(names)} names, {target} {classes} classes.")
    return Built(
        network=network, normalize=_normalize(pixels), weights=f"of {target}", labels=names
    )


def _check_shapes(network: Any, target: str) -> None:  # noqa: ANN401 # keras publishes no types
    shape, output = network.input_shape, network.output_shape
    is_image = isinstance(shape, tuple) and len(shape) == 4 and shape[3] == 3  # noqa: PLR2004
    if not is_image or None in shape[1:3] or shape[1] != shape[2]:
        raise Problem(
            f"{target}'s model takes {shape}, not square images [batch, size, size, 3]: give its "
            "Input a shape, or export it with tf.saved_model.save yourself."
        )
    if not isinstance(output, tuple) or len(output) != 2:  # noqa: PLR2004 # batch and classes
        raise Problem(f"{target}'s model gives {output}, not a probability for each class.")


def _normalize(pixels: str) -> Callable[[Any], Any]:
    if pixels == "0..255":
        return lambda values: values
    if pixels == "0..1":
        return lambda values: values / 255.0
    from keras.applications import imagenet_utils  # noqa: PLC0415

    mode = "tf" if pixels == "-1..1" else pixels
    return lambda values: imagenet_utils.preprocess_input(values, mode=mode)
