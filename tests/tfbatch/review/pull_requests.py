"""Golden pull requests: real changes of this very app, and what a review must say of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.tfbatch.review.edits import (
    append,
    copy_model,
    edit_stage,
    edit_workflow,
    replace,
    write,
)
from tfbatch.review.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FINE, ATTENTION, DESTRUCTIVE = Severity.FINE, Severity.ATTENTION, Severity.DESTRUCTIVE

BOTH = ("dev", "prod")
CONTAINER, STAGES = "stacks/tfbatch_cdk/settings/container.py", "stacks/stages.py"
STORAGE, SERVED = (
    "stacks/tfbatch_cdk/storage/buckets.py",
    "stacks/tfbatch_cdk/model/sagemaker_model.py",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequest:
    """A change, and what a review of it must find."""

    name: str
    change: Callable[[Path], None]
    verdict: Severity
    hurts: frozenset[str] = frozenset()
    """The rules of all findings under "What could hurt", and no others."""
    also: frozenset[str] = frozenset()
    """Rules of findings elsewhere that must be there."""
    says: tuple[str, ...] = ()
    """Texts that the comment must have."""
    never: tuple[str, ...] = ()
    """Texts that it must not have."""
    stages: tuple[str, ...] = ("prod",)
    """Those that are reviewed."""


def _worst(checkout: Path) -> None:
    """What nobody must overlook: buckets moved and opened, a role that may do all of S3."""
    _move_storage(checkout)
    _open_buckets(checkout)
    _allow_all_of_s3(checkout)
    edit_workflow(checkout, _NEW_STATE)
    edit_stage(checkout, "dev", compute='instance_types=("g5.12xlarge",), max_instances=64')


def _comment_only(checkout: Path) -> None:
    append(checkout, STORAGE, "\n# Nothing but a remark.\n")
    append(checkout, "README.md", "\nNothing but a remark.\n")


def _handler_line(checkout: Path) -> None:
    append(checkout, "model_code/inference.py", "\nA_NEW_LINE = 1\n")


def _vendored_package(checkout: Path) -> None:
    folder = "model_code/lib"
    write(checkout, f"{folder}/tinylib/__init__.py", "VALUE = 1\n")
    metadata = "Metadata-Version: 2.1\nName: tinylib\nVersion: 1.2.0\n"
    write(checkout, f"{folder}/tinylib-1.2.0.dist-info/METADATA", metadata)


def _new_model_version(checkout: Path) -> None:
    copy_model(checkout, "retrained", version="2")
    replace(
        checkout,
        STAGES,
        '"models/efficientnet-lite0"',
        '"models/retrained"',
    )


def _open_buckets(checkout: Path) -> None:
    replace(
        checkout,
        STORAGE,
        r"s3\.BlockPublicAccess\.BLOCK_ALL",
        "s3.BlockPublicAccess(block_public_acls=True, ignore_public_acls=True, "
        "block_public_policy=False, restrict_public_buckets=False)",
    )


def _retention_off(checkout: Path) -> None:
    replace(checkout, STAGES, r'name="prod",', 'name="prod",\n        retain_data=False,')


def _allow_all_of_s3(checkout: Path) -> None:
    replace(checkout, SERVED, r'"s3:GetObject", on=f"\{arn\}/\*"', '"s3:*", on=f"{arn}/*"')


def _tls_dropped(checkout: Path) -> None:
    replace(checkout, STORAGE, "enforce_ssl=True", "enforce_ssl=False")


_NEW_STATE = """
siblings["Wait for quiet hours"] = {"Type": "Wait", "Seconds": 60, "Next": name}
for _, _, state in list(states(found)):
    for way in [state, *state.get("Choices", [])]:
        if way.get("Next") == name and state is not siblings["Wait for quiet hours"]:
            way["Next"] = "Wait for quiet hours"
"""


def _instance_type(checkout: Path) -> None:
    edit_stage(checkout, "prod", compute='instance_types=("g5.12xlarge", "g5.xlarge")')


def _limit_raised(checkout: Path) -> None:
    edit_stage(checkout, "prod", compute="max_instances=64")


def _stage_added(checkout: Path) -> None:
    replace(
        checkout,
        STAGES,
        r"STAGES: tuple\[Stage, \.\.\.\] = \(",
        'STAGES: tuple[Stage, ...] = (\n    Stage(name="staging", models=(_DEMO_MODEL,), '
        "formats=_FORMATS),",
    )


def _move_storage(checkout: Path) -> None:
    replace(
        checkout,
        "stacks/tfbatch_cdk/batch_inference/data.py",
        r'Storage\(\s*self,\s*"Storage"',
        'Storage(self, "Buckets"',
    )


def _hash_without_content(checkout: Path) -> None:
    replace(
        checkout,
        "stacks/tfbatch_cdk/model/artifact.py",
        r"return digest_of\([^\n]*",
        'return "7" * 64',
    )


def _packages_changed(checkout: Path) -> None:
    replace(checkout, "requirements/all.lock", r"\nboto3==[^ ]+", "\nboto3==1.0.0")


PULL_REQUESTS = (
    PullRequest(
        name="comment only",
        change=_comment_only,
        verdict=FINE,
        says=("nothing that is deployed changes",),
    ),
    PullRequest(
        name="handler line",
        change=_handler_line,
        verdict=ATTENTION,
        also=frozenset({"bundle-changed", "file-changed", "resource-replaced"}),
        says=("code/inference.py", "+A_NEW_LINE = 1", "PrimaryContainer can't change in place"),
    ),
    PullRequest(
        name="vendored package",
        change=_vendored_package,
        verdict=ATTENTION,
        hurts=frozenset({"packages-vendored"}),
        also=frozenset({"bundle-changed"}),
        says=("| package tinylib | — | `1.2.0` |",),
    ),
    PullRequest(
        name="new model version",
        change=_new_model_version,
        verdict=ATTENTION,
        hurts=frozenset({"model-changed"}),
        also=frozenset({"bundle-changed", "settings-changed"}),
        says=("| model version | `1` | `2` |", "models/retrained"),
    ),
    PullRequest(
        name="retention off",
        change=_retention_off,
        verdict=ATTENTION,
        hurts=frozenset(
            {"permissions-added", "retention-lost", "termination-protection-lost", "unknown-change"}
        ),
        says=("are no longer kept", "retention lost"),
    ),
    PullRequest(
        name="plain HTTP allowed",
        change=_tls_dropped,
        verdict=ATTENTION,
        hurts=frozenset({"denial-dropped"}),
        also=frozenset({"check-new"}),
        says=("AwsSolutions-S10", "no longer denied"),
    ),
    PullRequest(
        name="instance type",
        change=_instance_type,
        verdict=ATTENTION,
        hurts=frozenset({"guard-changed"}),
        also=frozenset({"cost-up", "settings-changed"}),
        says=(
            "USD per 100,000 records",
            "ml.g5.12xlarge",
            "1,000,000 records on ml.g5.12xlarge",
            "70 records a second",
        ),
    ),
    PullRequest(
        name="limit raised",
        change=_limit_raised,
        verdict=ATTENTION,
        hurts=frozenset({"guard-changed", "limit-raised"}),
        also=frozenset({"settings-changed"}),
        says=("max&#95;instances 16 → 64", "4 times as much"),
    ),
    PullRequest(
        name="stage added",
        stages=("prod", "staging"),
        change=_stage_added,
        verdict=ATTENTION,
        hurts=frozenset({"stage-added"}),
        says=("Stage staging is new", "state machine"),
    ),
    PullRequest(
        name="construct moved",
        stages=("dev",),
        change=_move_storage,
        verdict=DESTRUCTIVE,
        hurts=frozenset({"deployment-fails", "output-removed", "stateful-moved"}),
        says=(
            "4 buckets become new, empty ones, and their data is deleted",
            "override_logical_id",
            "There is no undo",
            "data of 4 lost",
        ),
    ),
    PullRequest(
        name="hash without content",
        change=_hash_without_content,
        verdict=ATTENTION,
        hurts=frozenset({"hash-without-content"}),
        says=("has a new asset hash but the same files", "a bundling bug"),
    ),
    PullRequest(
        name="packages changed",
        change=_packages_changed,
        verdict=FINE,
        also=frozenset({"packages-changed"}),
        says=("| boto3 |", "`1.0.0`", "synthesized with the packages that it pins"),
    ),
    PullRequest(
        name="worst",
        stages=("dev",),
        change=_worst,
        verdict=DESTRUCTIVE,
        hurts=frozenset(
            {
                "bucket-public",
                "deployment-fails",
                "guard-changed",
                "limit-raised",
                "output-removed",
                "permissions-broadened",
                "stateful-moved",
            }
        ),
        also=frozenset({"workflow", "cost-up"}),
        says=("Destructive", "data of 4 lost", "public access possible", "permissions broadened"),
    ),
)
