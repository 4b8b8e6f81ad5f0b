"""Replaces a part of moto, and fails if the part no longer exists."""

from __future__ import annotations

from typing import Any


def replace(owner: Any, name: str, value: object) -> Any:  # noqa: ANN401 - a class or a module
    """Set ``owner.name`` to ``value``.

    Returns:
        The old value, for a replacement that calls it.

    Raises:
        AttributeError: ``owner`` has no such attribute, because moto has changed.
    """
    original = getattr(owner, name)
    setattr(owner, name, value)
    return original
