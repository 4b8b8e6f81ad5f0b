"""Matches outputs with inputs.

AWS documents two places for an output (the input's path below the output folder, or only its last
part) and its examples show a third. All keep the last part of the input's key and add ``.out``. The
service follows one rule, so a shard uses the rule that explains most of its outputs.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SUFFIX: Final = ".out"


def match(names: Sequence[str], *, prefix: str, outputs: Collection[str]) -> dict[str, str]:
    """Match each input with its output.

    Args:
        names: all inputs of the shard, below ``prefix``.
        prefix: the start of the inputs' keys.
        outputs: names below the shard's output folder, without the suffix.

    Returns:
        Output by input name. An output that matches two inputs is given to neither.
    """
    below = {name: name for name in names if name in outputs}
    if len(below) == len(outputs):
        return below
    whole = {name: prefix + name for name in names if prefix + name in outputs}
    return max(below, whole, _flat(names, outputs), key=len)


def _flat(names: Sequence[str], outputs: Collection[str]) -> dict[str, str]:
    """Match outputs in one flat folder with inputs whose last part is unique."""
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
