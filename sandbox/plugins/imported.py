"""Every plug-in imported, and with them moto's services: what a process imports that is forked."""

from __future__ import annotations

import importlib

from sandbox import plugins

for _names in plugins.OF_SERVICE.values():
    for _name in _names:
        importlib.import_module(f"{plugins.__name__}.{_name}")
