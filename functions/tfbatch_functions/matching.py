"""Which output belongs to which input.

AWS documents two rules for an output's key (the input's whole path below the output folder, or
its last part only) and examples of a third, so that the place of sub-folders is not to be relied
on. Every rule keeps the input's last part and adds ``.out``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

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
    found = {name: exact for name in names if (exact := _exact(name, prefix, outputs)) is not None}
    if len(found) < len(names) and len(left := set(outputs).difference(found.values())):
        found |= _by_last_part(names, found, left)
    return found


def _exact(name: str, prefix: str, outputs: Collection[str]) -> str | None:
    """The input's path below its prefix, or its whole key."""
    if name in outputs:
        return name
    return prefix + name if prefix + name in outputs else None


def _by_last_part(
    names: Sequence[str], found: Mapping[str, str], left: Collection[str]
) -> dict[str, str]:
    """Inputs and outputs whose last parts nothing else in the shard has."""
    inputs = Counter(map(_last_part, dict.fromkeys(names)))
    outputs = Counter(map(_last_part, left))
    single = {_last_part(output): output for output in left if outputs[_last_part(output)] == 1}
    return {
        name: single[last]
        for name in names
        if name not in found and (last := _last_part(name)) in single and inputs[last] == 1
    }


def _last_part(path: str) -> str:
    return path.rpartition("/")[2]
