"""Turns an image upright by the EXIF orientation of its JPEG file, in the graph.

Source: CIPA DC-008 (Exif 2.32): the tag 0x0112 of the first directory of the TIFF header that
follows the letters Exif and two zeros in an APP1 segment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Sequence


_APP1_BYTES = 65536
"""The segment is among the first, and has a length of two bytes."""
_EXIF = tuple(b"Exif\0\0")
_TAG = 0x0112
_ENTRY_BYTES = 12
_LAST = 8
_FIRST_LYING = 5
_UPSIDE_DOWN, _RIGHT_TO_LEFT = (3, 4, 7, 8), (2, 3, 6, 7)
"""Orientations whose upright image has, of the stored one, the last rows first, or columns."""


class Box(NamedTuple):
    """A part of an image, in pixels: int32 scalars, or for several images vectors."""

    top: tf.Tensor
    left: tf.Tensor
    height: tf.Tensor
    width: tf.Tensor


def turned(image: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turn and mirror pixels as an orientation says.

    Args:
        image: [height, width, channels].
        orientation: 1 (as stored) to 8.
    """
    ways = {
        2: lambda: tf.image.flip_left_right(image),
        3: lambda: tf.image.rot90(image, 2),
        4: lambda: tf.image.flip_up_down(image),
        5: lambda: tf.image.transpose(image),
        6: lambda: tf.image.rot90(image, 3),
        7: lambda: tf.image.rot90(tf.image.transpose(image), 2),
        8: lambda: tf.image.rot90(image, 1),
    }
    branches = [lambda: image, lambda: image, *ways.values()]
    result = tf.switch_case(orientation, branches)
    result.set_shape([None, None, image.shape[-1]])
    return result


def is_lying(orientation: tf.Tensor) -> tf.Tensor:
    """Whether an image's stored rows are columns of the upright one."""
    return orientation >= _FIRST_LYING


def as_stored(box: Box, height: tf.Tensor, width: tf.Tensor, orientation: tf.Tensor) -> Box:
    """Find the part of an upright image among the stored pixels.

    Args:
        box: in the upright image.
        height: of the stored image.
        width: of the stored image.
        orientation: 1 to 8.
    """
    lying = is_lying(orientation)
    rows, columns = tf.where(lying, width, height), tf.where(lying, height, width)
    is_upside_down = _is_one_of(orientation, _UPSIDE_DOWN)
    is_right_to_left = _is_one_of(orientation, _RIGHT_TO_LEFT)
    top = tf.where(is_upside_down, rows - box.top - box.height, box.top)
    left = tf.where(is_right_to_left, columns - box.left - box.width, box.left)
    return Box(
        tf.where(lying, left, top),
        tf.where(lying, top, left),
        tf.where(lying, box.width, box.height),
        tf.where(lying, box.height, box.width),
    )


def _is_one_of(orientation: tf.Tensor, some: Sequence[int]) -> tf.Tensor:
    return tf.reduce_any(tf.equal(orientation, some))


def orientation(encoded: tf.Tensor) -> tf.Tensor:
    """The EXIF orientation of a file, 1 to 8; 1 if there is none. An int32 scalar."""
    start = tf.strings.substr(encoded, 0, tf.minimum(tf.strings.length(encoded), _APP1_BYTES))
    data = tf.cast(tf.io.decode_raw(start, tf.uint8), tf.int32)
    at = _exif_at(data)
    found = tf.cond(at >= 0, lambda: _tag(data, at + len(_EXIF)), lambda: 1)
    is_known = (found >= 1) & (found <= _LAST)
    return tf.where(is_known & _is_jpeg(data), found, 1)


def _is_jpeg(data: tf.Tensor) -> tf.Tensor:
    return tf.reduce_all(tf.equal(_bytes(data, tf.range(2)), [0xFF, 0xD8]))


def _exif_at(data: tf.Tensor) -> tf.Tensor:
    """Where the letters Exif and two zeros begin, or -1."""
    count = tf.maximum(tf.size(data) - len(_EXIF) + 1, 0)
    matches = tf.ones([count], tf.bool)
    for offset, byte in enumerate(_EXIF):
        matches &= tf.equal(data[offset : offset + count], byte)
    places = tf.cast(tf.where(matches)[:1, 0], tf.int32)
    return tf.concat([places, [-1]], 0)[0]


def _tag(data: tf.Tensor, tiff: tf.Tensor) -> tf.Tensor:
    """The value of the orientation's entry in the first directory, or 1."""
    is_little = tf.equal(_bytes(data, tiff), ord("I"))
    directory = tiff + _number(data, tiff + 4, 4, is_little)
    entries = directory + 2 + _ENTRY_BYTES * tf.range(_number(data, directory, 2, is_little))
    tags = _number(data, entries, 2, is_little)
    values = _number(data, entries + 8, 2, is_little)
    chosen = tf.boolean_mask(values, tf.equal(tags, _TAG))
    return tf.concat([chosen, [1]], 0)[0]


def _number(data: tf.Tensor, at: tf.Tensor, size: int, is_little: tf.Tensor) -> tf.Tensor:
    """Unsigned numbers of two bytes, or the lower three of four, at one or several places."""
    bytes_ = [_bytes(data, at + offset) for offset in range(size)]
    little = sum(byte * 256**offset for offset, byte in enumerate(bytes_[:3]))
    big = sum(byte * 256**offset for offset, byte in enumerate(bytes_[::-1][:3]))
    return tf.where(is_little, little, big)


def _bytes(data: tf.Tensor, at: tf.Tensor) -> tf.Tensor:
    """Bytes at places; 0 beyond the end."""
    size = tf.size(data)
    inside = tf.clip_by_value(at, 0, tf.maximum(size - 1, 0))
    return tf.where(at < size, tf.gather(tf.concat([data, [0]], 0), inside), 0)
