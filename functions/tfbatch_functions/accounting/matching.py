"""Matches outputs with inputs.

AWS documents an output's key in two ways (the input's path below the output folder, or only its
last part) and shows a third in its examples, so that the place of sub-folders is not to be relied
on. What all have in common: the input's last part is kept and ``.out`` added. One service follows
one rule, so the rule of a shard is the one that explains most of its outputs.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SUFFIX: Final = ".out"


def match(names: Sequence[str], *, prefix: str, outputs: Collection[str]) -> dict[str, str]:
    """The output of each input that has one.

    Args:
        names: the inputs of the shard, all of them, below ``prefix``.
        prefix: the beginning of the inputs' keys.
        outputs: what lies below the shard's output folder, without the suffix.

    Returns:
        By the input's name. An output that could be of two inputs is of none.
    """
    below = {name: name for name in names if name in outputs}
    if len(below) == len(outputs):
        return below
    whole = {name: prefix + name for name in names if prefix + name in outputs}
    return max(below, whole, _flat(names, outputs), key=len)


def _flat(names: Sequence[str], outputs: Collection[str]) -> dict[str, str]:
    """All outputs side by side in one folder, for inputs whose last part no other has."""
    ((folder, _),) = Counter(map(_folder, outputs)).most_common(1) or [("", 0)]
    counts = Counter(map(_last_part, dict.fromkeys(names)))
    return {
        name: folder + last
        for name in names
        if counts[last := _last_part(name)] == 1 and folder + last in outputs
    }


def _folder(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _last_part(path: str) -> str:
    return path[path.rfind("/") + 1 :]
