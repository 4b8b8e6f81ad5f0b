"""Turns an image upright by the EXIF orientation of its JPEG file, in the graph.

Source: CIPA DC-008 (Exif 2.32): the tag 0x0112 of the first directory of the TIFF header that
follows the letters Exif and two zeros in an APP1 segment.
"""

from __future__ import annotations

import tensorflow as tf

_APP1_BYTES = 65536
"""The segment is among the first, and has a length of two bytes."""
_EXIF = tuple(b"Exif\0\0")
_TAG = 0x0112
_ENTRY_BYTES = 12
_LAST = 8


def upright(image: tf.Tensor, encoded: tf.Tensor) -> tf.Tensor:
    """Turn and mirror pixels as the file's orientation says; 1 (as stored) if it says nothing.

    Args:
        image: [height, width, channels].
        encoded: the file, a scalar string.
    """
    turned = {
        2: lambda: tf.image.flip_left_right(image),
        3: lambda: tf.image.rot90(image, 2),
        4: lambda: tf.image.flip_up_down(image),
        5: lambda: tf.image.transpose(image),
        6: lambda: tf.image.rot90(image, 3),
        7: lambda: tf.image.rot90(tf.image.transpose(image), 2),
        8: lambda: tf.image.rot90(image, 1),
    }
    branches = [lambda: image, lambda: image, *turned.values()]
    result = tf.switch_case(orientation(encoded), branches)
    result.set_shape([None, None, image.shape[-1]])
    return result


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
