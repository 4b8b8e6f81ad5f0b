"""The settings of a deployment: typed, and checked when they are made. ``stages.py`` uses them."""

from tfbatch_cdk.settings.compute import Compute
from tfbatch_cdk.settings.container import Container
from tfbatch_cdk.settings.endpoint import Endpoint
from tfbatch_cdk.settings.format import Format
from tfbatch_cdk.settings.job import DataCapture, DataProcessing, Experiment, Invocations
from tfbatch_cdk.settings.model import HANDLER_LOCK, HEIC_LOCK, TIFF_LOCK, Model
from tfbatch_cdk.settings.protection import Access, Network, Protection, Retention, Watch
from tfbatch_cdk.settings.stage import Stage

__all__ = [
    "HANDLER_LOCK",
    "HEIC_LOCK",
    "TIFF_LOCK",
    "Access",
    "Compute",
    "Container",
    "DataCapture",
    "DataProcessing",
    "Endpoint",
    "Experiment",
    "Format",
    "Invocations",
    "Model",
    "Network",
    "Protection",
    "Retention",
    "Stage",
    "Watch",
]
