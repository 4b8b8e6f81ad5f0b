"""The type of arbitrary JSON, for requests and templates."""

from typing import Any, TypeAlias

Json: TypeAlias = Any
