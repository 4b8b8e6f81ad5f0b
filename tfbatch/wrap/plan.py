"""Plans a wrapper: what a model takes, and what is put in front of it and behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from tfbatch.export.variant import PIXELS
from tfbatch.terminal.problem import Problem
from tfbatch_handler.acceptance import takes_pixels
from tfbatch_handler.signature import FLOATS, INTEGERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.export.variant import Decode
    from tfbatch_handler.signature import Signature, Tensor

Fit = Literal["crop", "pad", "squash"]
FITS: Final = get_args(Fit)
_COLORS = 3
_BATCHED_RANK = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What the command's options say."""

    signature: str
    pixels: str | None
    fit: Fit
    size: tuple[int, int] | None
    """Height and width; ``None``: the model's."""
    exif: bool
    decode: Decode
    top_k: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pixels:
    """The image that a model takes, and how an encoded image becomes it."""

    input: str
    dtype: str
    """As in the signature."""
    height: int | None
    """``None``: as decoded."""
    width: int | None
    channels: int
    pixels: str
    """One of ``PIXELS``."""
    fit: Fit
    exif: bool
    """Whether to turn the image as its EXIF orientation says."""
    decode: Decode
    """Whether large JPEG files are decoded in full size."""
    batch: Literal["many", "one", "none"]
    """Images in a call of the model: any number, one, or one without a batch dimension."""

    @property
    def is_one_by_one(self) -> bool:
        """Whether the model is called once for each image."""
        return self.batch != "many" or self.height is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A wrapper."""

    signature: str
    """The original's that is called."""
    pixels: Pixels | None
    """``None``: the inputs stay as they are."""
    top_k: int | None
    scores: str
    """The output that ``top_k`` takes; empty without."""


def plan(signatures: Mapping[str, Signature], options: Options) -> Plan:
    """Plan a wrapper.

    Raises:
        Problem: there is no such signature, or an option is missing or doesn't fit it.
    """
    chosen = signatures.get(options.signature)
    if chosen is None:
        raise Problem(
            f"--signature = {options.signature!r}: the model has {', '.join(sorted(signatures))}."
        )
    has_pixels = takes_pixels(chosen)
    if options.decode == "scaled" and not has_pixels:
        raise Problem(f"--decode scaled: the model takes {chosen}, which is no image.")
    return Plan(
        signature=options.signature,
        pixels=_pixels(chosen, options) if has_pixels else None,
        top_k=options.top_k,
        scores=_scores(chosen) if options.top_k else "",
    )


def _pixels(signature: Signature, options: Options) -> Pixels:
    ((name, tensor),) = signature.inputs.items()
    shape = tensor.shape or ()
    height, width = options.size or (shape[-3], shape[-2])
    if options.size and any(
        own not in {-1, wanted} for own, wanted in zip(shape[-3:-1], options.size, strict=True)
    ):
        raise Problem(f"--size = {height}x{width}: the model takes {tensor}.")
    if (height < 0) is not (width < 0):
        raise Problem(f"The model takes {tensor}: add --size HEIGHTxWIDTH.")
    if height < 0 and options.decode == "scaled":
        raise Problem(f"--decode scaled: the model takes {tensor}: add --size HEIGHTxWIDTH.")
    return Pixels(
        input=name,
        dtype=tensor.dtype,
        height=None if height < 0 else height,
        width=None if width < 0 else width,
        channels=_COLORS if shape[-1] < 0 else shape[-1],
        pixels=_scale(tensor, options.pixels),
        fit=options.fit,
        exif=options.exif,
        decode=options.decode,
        batch="none" if len(shape) < _BATCHED_RANK else "one" if shape[0] == 1 else "many",
    )


def _scale(tensor: Tensor, asked: str | None) -> str:
    """The pixels' range, which no signature says of floats."""
    if tensor.dtype in INTEGERS:
        if asked not in {None, PIXELS[0]}:
            raise Problem(f"--pixels = {asked}: the model takes {tensor}, pixels as decoded.")
        return PIXELS[0]
    if asked is None:
        raise Problem(
            f"The model takes {tensor}, and its signature doesn't say in which range: add --pixels "
            f"{', '.join(PIXELS)}, as in the code that trained it."
        )
    if asked in {"caffe", "torch"} and tensor.shape and tensor.shape[-1] not in {-1, _COLORS}:
        raise Problem(f"--pixels = {asked}: it is for three colors, and the model takes {tensor}.")
    return asked


def _scores(signature: Signature) -> str:
    """The only output with a score for each class."""
    found = [
        name
        for name, tensor in signature.outputs.items()
        if tensor.dtype in FLOATS and tensor.shape is not None and len(tensor.shape) == 2  # noqa: PLR2004 # batch and classes
    ]
    if "probabilities" in found:
        return "probabilities"
    if len(found) != 1:
        raise Problem(f"--top-k takes one output with a score for each class, of {signature}.")
    return found[0]
