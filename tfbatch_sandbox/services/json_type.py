"""The type of what any JSON may be: plug-ins handle requests and templates of every shape."""

from typing import Any, TypeAlias

Json: TypeAlias = Any
