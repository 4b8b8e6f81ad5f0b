"""Imports all extensions and their moto services, for processes that are forked."""

from __future__ import annotations

import importlib

from tfbatch_sandbox import services

for _names in services.OF_SERVICE.values():
    for _name in _names:
        importlib.import_module(f"{services.__name__}.{_name}")
