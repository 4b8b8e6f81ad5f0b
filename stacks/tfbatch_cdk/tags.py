"""The tags by which a bill is told apart, on resources and on jobs alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfbatch_cdk.settings import Stage


def tags_of(stage: Stage) -> dict[str, str]:
    """A stage's own tags, and its name; CloudFormation puts a stack's on all that it makes."""
    return {**stage.tags, "tfbatch:stage": stage.name}
