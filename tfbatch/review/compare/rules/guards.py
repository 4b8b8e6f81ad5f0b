"""The states that guard a run, and the changes of a state that are harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch.review.compare.rules.harmless import NEW_CONTENTS, number
from tfbatch.review.compare.rules.rule import UNKNOWN, Rule
from tfbatch.review.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch.review.compare.differences import Leaf
    from tfbatch.review.compare.rules.rule import Place

GUARDS: Mapping[str, str] = {
    "Read the stage": "It sets every limit, bucket and model of a run.",
    "Check the request": "It finds what is wrong with a request.",
    "Is the request valid?": "It refuses a wrong request.",
    "Refuse the request": "It ends a run whose request is wrong.",
    "The file can't be read": "It ends a run whose request file can't be read.",
    "Claim the key": "It keeps a request with a key from running twice.",
    "It ran before": "It keeps a request with a key from running twice.",
    "Has it a key?": "It keeps a request with a key from running twice.",
    "Find the input bucket": "It checks that the input can be read.",
    "The bucket can't be read": "It ends a run whose input can't be read.",
    "Is it in this region?": "It refuses input of another region, which costs traffic.",
    "The bucket is elsewhere": "It refuses input of another region, which costs traffic.",
    "Plan": "It lists the input, and refuses what costs more than the budget.",
    "Is the plan done?": "It waits for the whole list, and stops a dry run.",
    "Report the plan": "It ends a dry run before anything is spent.",
    "A function failed": "It fails a run whose function failed.",
    "Transform the shards": "It limits the jobs at a time, and what may fail.",
    "Name the job": "It gives each attempt a new name, so that none is counted twice.",
    "Transform": "It starts the jobs that cost money and write the output.",
    "Wait for the job": "It decides how long a job is waited for.",
    "Look at the job": "It reads how a job ended.",
    "Has the job ended?": "It decides that a job failed, or ran too long.",
    "Stop the job": "It stops a job that ran too long.",
    "Leave the job": "It reports a job that can't be stopped.",
    "Why did it fail?": "It decides what is tried again, and what is given up.",
    "Wait for capacity": "It limits the attempts while capacity is short.",
    "Back off": "It slows down when SageMaker throttles.",
    "Try again": "It limits the attempts after an internal error.",
    "Give the shard up": "It reports a shard that failed.",
    "Reconcile": "It finds every record without an output.",
    "Is anything missing?": "It sends missing records again.",
    "Take what is missing": "It sends missing records again.",
    "The shard can't be reconciled": "It reports a shard that can't be checked.",
    "Did a shard fail?": "It fails a run with a failed shard.",
    "A shard failed": "It fails a run with a failed shard.",
    "Summarize": "It counts outputs, exceptions and inputs.",
    "Do the accounts balance?": "It fails a run that lost records.",
    "The accounts don't balance": "It fails a run that lost records.",
    "Tell the account": "It reports the end of a run.",
    "Notify": "It reports the end of a run.",
    "Within max_exceptions?": "It fails a run with too many exceptions.",
    "Too many exceptions": "It fails a run with too many exceptions.",
}
"""What each state of a run protects. A state that isn't listed may protect something too."""

_READ = "Read the stage"
_FINE = Severity.FINE


def _is_lowered(leaf: Leaf, _place: Place) -> bool:
    old, new = number(leaf.old), number(leaf.new)
    return old is not None and new is not None and new < old


def _has_new_artifact(leaf: Leaf, place: Place) -> bool:
    """Whether the digest belongs to an artifact that changes with it."""
    model = leaf.path.removeprefix("Assign.stage.artifacts.").removesuffix(".sha256")
    return _uri(place.old, model) != _uri(place.new, model)


def _uri(state: Any, model: str) -> object:  # noqa: ANN401 # a state
    try:
        return state["Assign"]["stage"]["artifacts"][model]["uri"]
    except (KeyError, TypeError):
        return None


def _is_more_patient(leaf: Leaf, _place: Place) -> bool:
    """Whether every retrier of before is still there, and tries at least as often."""
    old, new = leaf.old, leaf.new
    if not (isinstance(old, list) and isinstance(new, list)):
        return False
    return len(new) >= len(old) and all(map(_tries_as_often, old, new))


def _tries_as_often(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    tries = ("MaxAttempts",)
    rest = {key: value for key, value in old.items() if key not in tries}
    return rest == {key: value for key, value in new.items() if key not in tries} and (
        number(new.get("MaxAttempts", 3)) or 0
    ) >= (number(old.get("MaxAttempts", 3)) or 0)


def _rule(name: str, says: str, why: str, **fields: Any) -> Rule:  # noqa: ANN401 # a rule's fields
    return Rule(name=name, verdict=_FINE, says=says, why=why, **fields)


STATES: Sequence[Rule] = (
    _rule("comment", "has another comment", "A text for people.", property="Comment"),
    _rule(
        "message",
        "fails with another message",
        "Its error name is the same; only the text for people differs.",
        kind="Fail .*",
        property="Cause",
    ),
    _rule(
        "retry-extended",
        "is tried more often",
        "Each error that was retried is retried at least as often.",
        property="Retry",
        when=_is_more_patient,
    ),
    _rule(
        "limit-lowered",
        "has lower limits",
        "A run may spend less.",
        kind=f"Pass {_READ}",
        property=r"Assign\.stage\.(instances|maxInstances|maxJobs|rounds|capacityTries)",
        when=_is_lowered,
    ),
    _rule(
        "tags",
        "gives its jobs other tags",
        "Tags of jobs are for the bill.",
        kind=f"Pass {_READ}",
        property=r"Assign\.stage\.tags\b.*",
    ),
    _rule(
        NEW_CONTENTS.name,
        "checks the new artifact's digest",
        "The artifact is compared file by file.",
        kind=f"Pass {_READ}",
        property=r"Assign\.stage\.artifacts\..*\.sha256",
        when=_has_new_artifact,
    ),
)
"""The harmless changes of a state. The kind is its type and its name."""


def unknown(name: str) -> Rule:
    """The rule for any other change of a state."""
    guarded = GUARDS.get(name)
    if guarded:
        return Rule(
            name="guard-changed",
            verdict=Severity.ATTENTION,
            says="guards the run, and changes",
            why=guarded,
        )
    return UNKNOWN
