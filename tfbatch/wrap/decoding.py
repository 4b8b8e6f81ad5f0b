"""Decodes the part of an image that a model looks at, in the graph.

Of a JPEG file only a window is decoded, by ``decode_and_crop_jpeg``, and if asked, from a part of
its coefficients. That op alone differs from decoding all and cropping, in two ways. At a window's
edges it fills in colors otherwise, so some more columns and rows are decoded and cut off. It
doesn't read the file below the window, where it may be cut short: so the window ends at the last
row.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import tensorflow as tf

from tfbatch.wrap.orientation import Box, as_stored, is_lying, orientation, turned

if TYPE_CHECKING:
    from collections.abc import Callable

RATIOS = (1, 2, 4, 8)
"""How many times smaller ``tf.io.decode_jpeg`` can decode."""
MARGIN = 1.5
"""A JPEG file is decoded at no less than so many times the size that it is resized to."""
_CHANNELS = 3
_JPEG = b"\xff\xd8\xff"
_EDGE = 16
_WORTH_BYTES = 65_536
"""A smaller file is decoded whole in the time that a look at its header takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """The part of an upright image that a model looks at."""

    box: Callable[[tf.Tensor, tf.Tensor], Box]
    """The part of an image by its height and width; of several images elementwise."""
    exif: bool
    """Whether an image is upright as its EXIF orientation says, or as stored."""
    is_enough: Callable[[Box], tf.Tensor] | None = None
    """Whether a part is large enough. ``None``: JPEG files are decoded in full size."""


def at_least(height: int, width: int) -> Callable[[Box], tf.Tensor]:
    """``View.is_enough`` of a part that is resized to a height and width."""
    return lambda box: (box.height >= MARGIN * height) & (box.width >= MARGIN * width)


def decode(encoded: tf.Tensor, view: View, then: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    """Decode the part of an encoded image that is looked at, upright, and resize it.

    Args:
        encoded: what ``tf.io.decode_image`` reads, a scalar string; of a GIF the first frame.
        view: the part.
        then: makes float32 [height, width, channels] of the part, which is [height, width, 3] of
            uint8, or of float32 where TensorFlow resizes that in less time.

    Returns:
        What ``then`` makes of the part of what ``tf.io.decode_image`` returns, or with
        ``View.is_enough``, of what ``tf.io.decode_jpeg`` returns with the largest ratio at which
        the part is large enough. What they fail for, fails.
    """
    return tf.cond(
        _is_worth(encoded),
        lambda: then(_shaped(_of_jpeg(encoded, view))),
        lambda: then(tf.cast(_shaped(_of_any(encoded, view)), tf.float32)),
    )


def _shaped(part: tf.Tensor) -> tf.Tensor:
    part.set_shape([None, None, _CHANNELS])
    return part


def ratio(encoded: tf.Tensor, view: View) -> tf.Tensor:
    """How many times smaller an encoded image is decoded than it is."""
    return tf.cond(
        _is_worth(encoded), lambda: tf.gather(RATIOS, _chosen(encoded, view).index), lambda: 1
    )


def _is_worth(encoded: tf.Tensor) -> tf.Tensor:
    """Whether the file is one of JPEG, and large."""
    is_jpeg = tf.equal(tf.strings.substr(encoded, 0, len(_JPEG)), _JPEG)
    return is_jpeg & (tf.strings.length(encoded) >= _WORTH_BYTES)


def _of_any(encoded: tf.Tensor, view: View) -> tf.Tensor:
    # channels=3 turns gray into three equal channels and drops alpha.
    image = tf.io.decode_image(encoded, channels=_CHANNELS, expand_animations=False)
    image.set_shape([None, None, _CHANNELS])
    upright = turned(image, orientation(encoded)) if view.exif else image
    return cut(upright, view.box(tf.shape(upright)[0], tf.shape(upright)[1]))


def _of_jpeg(encoded: tf.Tensor, view: View) -> tf.Tensor:
    chosen = _chosen(encoded, view)
    height, width = tf.unstack(chosen.stored)
    box = chosen.box
    if chosen.turn is not None:
        box = as_stored(box, height, width, chosen.turn)
    top, left = tf.maximum(box.top - _EDGE, 0), tf.maximum(box.left - _EDGE, 0)
    right = tf.minimum(box.left + box.width + _EDGE, width)
    window = tf.stack([top, left, height - top, right - left])
    image = _window(encoded, window, chosen.index, view)
    part = cut(image, Box(box.top - top, box.left - left, box.height, box.width))
    return part if chosen.turn is None else turned(part, chosen.turn)


class _Chosen(NamedTuple):
    """How a JPEG file is decoded."""

    index: tf.Tensor
    """Of ``RATIOS``."""
    box: Box
    """The part, upright."""
    stored: tf.Tensor
    """The image's height and width as stored, at the ratio."""
    turn: tf.Tensor | None
    """Its orientation, if that counts."""


def _chosen(encoded: tf.Tensor, view: View) -> _Chosen:
    """Choose the last ratio that is enough, of all at once."""
    turn = orientation(encoded) if view.exif else None
    ratios = tf.constant(RATIOS if view.is_enough else RATIOS[:1])
    stored = (tf.io.extract_jpeg_shape(encoded)[:2, None] + ratios - 1) // ratios
    upright = stored if turn is None else tf.where(is_lying(turn), stored[::-1], stored)
    boxes = view.box(*tf.unstack(upright))
    index = _last(view.is_enough(_floats(boxes))) if view.is_enough else tf.constant(0)
    box = Box(*tf.unstack(tf.stack(boxes)[:, index]))
    return _Chosen(index=index, box=box, stored=stored[:, index], turn=turn)


def _floats(boxes: Box) -> Box:
    return Box(*(tf.cast(values, tf.float32) for values in boxes))


def _last(flags: tf.Tensor) -> tf.Tensor:
    """The place of the last ``True``, with only ``True`` before it; 0 without one."""
    return tf.maximum(tf.reduce_sum(tf.cast(flags, tf.int32)) - 1, 0)


def _window(encoded: tf.Tensor, window: tf.Tensor, index: tf.Tensor, view: View) -> tf.Tensor:
    branches = [
        functools.partial(
            tf.io.decode_and_crop_jpeg, encoded, window, channels=_CHANNELS, ratio=each
        )
        for each in RATIOS
    ]
    return tf.switch_case(index, branches) if view.is_enough else branches[0]()


def cut(image: tf.Tensor, box: Box) -> tf.Tensor:
    """A part of an image [height, width, channels]."""
    return image[box.top : box.top + box.height, box.left : box.left + box.width]
