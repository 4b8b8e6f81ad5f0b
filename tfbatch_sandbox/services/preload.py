"""Every plug-in imported, and with them moto's services: what a process imports that is forked."""

from __future__ import annotations

import importlib

from tfbatch_sandbox import services

for _names in services.OF_SERVICE.values():
    for _name in _names:
        importlib.import_module(f"{services.__name__}.{_name}")
