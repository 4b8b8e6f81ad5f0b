"""Changes keyword arguments in Python source, and nothing else.

``ast`` gives the position of each expression. The text between stays unchanged, with its comments.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class EditError(ValueError):
    """The source can't be edited safely."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement of bytes."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a module and positions in it."""

    text: str

    def applied(self, edits: Iterable[Edit]) -> Source:
        """The text with replacements."""
        data = self.text.encode()
        for edit in sorted(edits, key=lambda one: one.start, reverse=True):
            data = data[: edit.start] + edit.text.encode() + data[edit.end :]
        return Source(data.decode())

    def of(self, node: ast.expr) -> str:
        """The source of an expression."""
        start, end = self.span(node)
        return self.text.encode()[start:end].decode()

    def span(self, node: ast.expr) -> tuple[int, int]:
        """The position of an expression, in bytes."""
        if node.end_lineno is None or node.end_col_offset is None:
            raise EditError("the expression has no place in the source")
        return (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno, node.end_col_offset),
        )

    def _offset(self, line: int, column: int) -> int:
        lines = self.text.encode().splitlines(keepends=True)
        return sum(map(len, lines[: line - 1])) + column

    def with_keywords(self, call: ast.Call, values: Mapping[str, str]) -> list[Edit]:
        """Set keyword arguments of a call: replace existing ones, add the others at the end."""
        present = {keyword.arg: keyword.value for keyword in call.keywords}
        edits = [
            Edit(*self.span(present[name]), value)
            for name, value in values.items()
            if name in present
        ]
        added = ", ".join(
            f"{name}={value}" for name, value in values.items() if name not in present
        )
        if added:
            last = max((self.span(one)[1] for one in _arguments(call)), default=None)
            at = self.span(call)[1] - 1 if last is None else last
            edits.append(Edit(at, at, added if last is None else f", {added}"))
        return edits

    def replaced(self, node: ast.expr, values: Mapping[str, str]) -> list[Edit]:
        """Make an expression return a dataclass with other values.

        A call of a class, or of ``replace``, gets them as keywords. Other expressions are wrapped.
        """
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self.with_keywords(node, values)
        keywords = ", ".join(f"{name}={value}" for name, value in values.items())
        return [Edit(*self.span(node), f"replace({self.of(node)}, {keywords})")]


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The keyword argument of a call."""
    return next((one.value for one in call.keywords if one.arg == name), None)
