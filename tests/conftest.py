"""What several suites share: small SavedModels, exported once; and who runs which."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests.saved_models import exported
from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xdist.remote import Producer

# The CDK's own check of templates, two thirds of a synthesis; those that test it turn it on again.
os.environ["CDK_VALIDATION"] = "false"

# A busy machine takes longer than any example's deadline.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

LONGEST = tuple(
    f"tests/{name}/"
    for name in (
        "end_to_end/workflow",
        "tfbatch/commands",
        "tfbatch_sandbox/transform",
        "tfbatch/review",
        "end_to_end/examples",
        "tfbatch_cdk",
        "end_to_end/inputs",
        "tfbatch_sandbox/container",
        "tfbatch_handler",
        "tfbatch/demo",
        "tfbatch_sandbox/services",
        "end_to_end/endpoint",
        "tfbatch_sandbox/clients",
    )
)
"""Folders whose tests take longest, in that order."""
NOT_QUICK = (
    *("tests/aws/", "tests/end_to_end/", "tests/zoo/", "tests/test_project.py"),
    *("tests/tfbatch/export/", "tests/tfbatch/wrap/", "tests/tfbatch/demo/test_demo.py"),
    *("tests/tfbatch/commands/test_background.py", "tests/tfbatch/commands/test_deployed.py"),
    *("tests/tfbatch/review/test_drawing.py", "tests/tfbatch/review/test_stacks.py"),
    *("tests/tfbatch/review/test_hostile.py", "tests/tfbatch/review/test_temporary_folders.py"),
    *("tests/tfbatch/review/test_rules.py", "tests/tfbatch/report/", "tests/tfbatch_functions/"),
    *("tests/tfbatch_cdk/test_batch_inference.py", "tests/tfbatch_cdk/test_partitions.py"),
    *("tests/tfbatch_cdk/test_lock.py", "tests/tfbatch_cdk/test_vendoring.py"),
    *("tests/tfbatch_cdk/test_synthesis.py", "tests/tfbatch_cdk/test_own_code.py"),
    *("tests/tfbatch_handler/records/", "tests/tfbatch_handler/test_faults.py"),
    *("tests/tfbatch_handler/test_failures.py", "tests/tfbatch_handler/test_grpc.py"),
    *("tests/tfbatch_handler/test_loading.py", "tests/tfbatch_handler/test_properties.py"),
    *("tests/tfbatch_sandbox/clients/", "tests/tfbatch_sandbox/container/"),
    *("tests/tfbatch_sandbox/processes/", "tests/tfbatch_sandbox/model_server/"),
    *(
        "tests/tfbatch_sandbox/services/test_transform_jobs.py",
        "tests/tfbatch_sandbox/test_process.py",
    ),
)
"""Tests that ``make test-quick`` leaves out, besides those with a fixture of ``DEPLOYING``."""
DEPLOYING = {
    *("account", "assemblies", "aws", "clone", "deployment", "dev", "jobs", "machines"),
    *("people", "prod", "project", "s3", "sandbox", "saved_models", "session", "stages", "synth"),
    *("warm", "workflows", "world"),
}
"""Fixtures that start a sandbox, synthesize or export models."""


def pytest_collection_finish() -> None:
    """Keep collection quick: each worker does it, and TensorFlow takes seconds and a gigabyte.

    Raises:
        pytest.UsageError: a module of tests imports it; import it in the test.
    """
    if "tensorflow" in sys.modules:
        raise pytest.UsageError("a module of tests imports TensorFlow: import it in the test")


@pytest.fixture(scope="session", autouse=True)
def temporary_folder() -> Iterator[None]:
    """Everything that tests and their children leave in the temporary directory is deleted.

    The folder has a short name: the path of a Unix socket is limited to about a hundred characters.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tfbatch-", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture(scope="session", autouse=True)
def forked(temporary_folder: None) -> Iterator[None]:  # noqa: ARG001 # made before, deleted after
    """Sandboxes start by the dozen, and moto is imported once a worker."""
    supervision.fork_programs()
    yield
    if supervision.fork_server.process is not None:
        supervision.stop(supervision.fork_server.process)


@pytest.fixture(scope="session")
def saved_models(request: pytest.FixtureRequest) -> Path:
    """``image/1``, ``vector/1`` and ``/2``, ``examples/1``: exported once for each TensorFlow."""
    return exported(request.config.rootpath)


class ByFolder(LoadScopeScheduling):  # type: ignore[misc] # xdist is not typed
    """Keeps a folder's tests in one worker: they share a sandbox, a deployment, a container."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFolder:
    """Distribute folders, in their order."""
    return ByFolder(config, log)


def _mark_quick(items: list[pytest.Item]) -> None:
    """Mark what ``make test-quick`` runs."""
    for item in items:
        fixtures = DEPLOYING & set(getattr(item, "fixturenames", ()))
        if not fixtures and not item.nodeid.startswith(NOT_QUICK):
            item.add_marker("quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, so that no worker has one of them left when the others end."""
    _mark_quick(items)

    def rank(item: pytest.Item) -> int:
        found = (rank for rank, folder in enumerate(LONGEST) if item.nodeid.startswith(folder))
        return next(found, len(LONGEST))

    items.sort(key=rank)
