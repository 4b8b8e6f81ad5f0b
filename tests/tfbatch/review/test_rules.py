"""Rules of one's own, exceptions with an end, and the list of the states that guard a run."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.tfbatch.review.conftest import Sides, review_all
from tests.tfbatch.review.templates import edited, states
from tfbatch.review.compare.differences import ABSENT, Leaf
from tfbatch.review.compare.rules import guards, harmless
from tfbatch.review.compare.rules.dangers import DANGERS
from tfbatch.review.compare.rules.policies import read
from tfbatch.review.compare.rules.rule import UNKNOWN, Place, judge
from tfbatch.review.errors import ReviewError
from tfbatch.review.finding import Finding, Section, Severity
from tfbatch.review.render.sarif import lines_of, sarif
from tfbatch.review.review import Review

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.tfbatch.review.templates import Templates
    from tfbatch.review.sides.assembly import Stage

RULE = {
    "name": "runtime",
    "resource": "AWS::Lambda::Function",
    "property": "Runtime",
    "verdict": "harmless",
    "sentence": "runs on another Python",
    "after": r"python3\.\d+",
}
EXCEPTION = {
    "rule": "bucket-public",
    "subject": "Storage/Output",
    "owner": "vision team",
    "reason": "published on purpose",
    "until": "2027-03-31",
}


def policy(folder: Path, **parts: Any) -> Path:  # noqa: ANN401 # JSON
    file = folder / "review-policy.json"
    file.write_text(json.dumps(parts))
    return file


def verdict(path: str, new: object, *rules: Any) -> Severity:  # noqa: ANN401
    place = Place(kind="AWS::Lambda::Function", fate="changed")
    leaf = Leaf(path=path, old="python3.14", new=new)
    return judge(leaf, place, rules).verdict


def test_a_rule_of_ones_own_explains_what_no_rule_knows(tmp_path: Path) -> None:
    (own,) = read(policy(tmp_path, rules=[RULE])).rules
    assert verdict("Runtime", "python3.15") is Severity.ATTENTION
    assert verdict("Runtime", "python3.15", own) is Severity.FINE
    assert verdict("Runtime", "nodejs24.x", own) is Severity.ATTENTION
    assert verdict("Handler", "python3.15", own) is Severity.ATTENTION


def test_a_rule_of_ones_own_can_be_stricter_and_not_milder(tmp_path: Path) -> None:
    anything = RULE | {"resource": ".*", "property": ".*", "after": ".*"}
    (mild,) = read(policy(tmp_path, rules=[anything])).rules
    rules = (*DANGERS, *harmless.HARMLESS, mild)
    place = Place(kind="AWS::S3::Bucket", fate="changed")
    public = Leaf(path="PublicAccessBlockConfiguration.BlockPublicAcls", old=True, new=False)
    assert judge(public, place, rules).name == "bucket-public"
    strict = anything | {"verdict": "destructive"}
    (hard,) = read(policy(tmp_path, rules=[strict])).rules
    assert judge(public, place, (*rules, hard)).verdict is Severity.DESTRUCTIVE


def finding(**fields: Any) -> Finding:  # noqa: ANN401 # a finding's fields
    own: dict[str, Any] = {"rule": "bucket-public", "subject": "Storage/Output"}
    own["severity"] = Severity.ATTENTION
    return Finding(section=Section.HURT, title="It is open", **(own | fields))


def test_an_exception_holds_for_its_rule_and_place_until_its_day(tmp_path: Path) -> None:
    own = read(policy(tmp_path, exceptions=[EXCEPTION]))
    others = [
        finding(rule="encryption-weakened"),
        finding(subject="Storage/Output2"),
        finding(severity=Severity.DESTRUCTIVE),
    ]
    (accepted, *rest, told) = own.applied([finding(), *others], today=date(2027, 3, 31))
    assert accepted.severity is Severity.FINE
    assert "Accepted by vision team until 2027-03-31: published on purpose" in accepted.why
    assert rest == others
    assert told.rule == "exception"
    late, told = own.applied([finding()], today=date(2027, 4, 1))
    assert late.severity is Severity.ATTENTION
    assert "ended on 2027-03-31: remove it" in told.title


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"rules": [RULE | {"verdict": "green"}]}, "rule 1: verdict is 'green'; it must be one of"),
        ({"rules": [RULE | {"property": "("}]}, "rule 1: property is no regular expression"),
        ({"rules": [{"name": "x"}]}, "rule 1: property, resource, sentence, verdict is unknown or"),
        ({"exceptions": [EXCEPTION | {"until": "soon"}]}, "exception 1: until is 'soon'"),
        ({"exceptions": [EXCEPTION | {"owner": " "}]}, "exception 1: owner and reason must not"),
        ({"exceptions": [{"rule": "x"}]}, "exception 1: owner, reason, subject, until is unknown"),
        ({"rule": []}, "rule is no part of a policy"),
    ],
)
def test_a_wrong_policy_names_the_place_and_the_remedy(
    tmp_path: Path, parts: dict[str, Any], said: str
) -> None:
    with pytest.raises(ReviewError, match=said.replace("(", r"\(")):
        read(policy(tmp_path, **parts))


def test_every_guard_is_a_state_of_the_deployed_workflow(stages: Mapping[str, Stage]) -> None:
    found: set[str] = set()

    def look(templates: Templates) -> None:
        templates.workflow(lambda machine: found.update(name for name, _ in states(machine)))

    for stage in stages.values():
        edited(stage, look)
    assert set(guards.GUARDS) <= found


def test_every_harmless_rule_gives_its_reason_and_unknown_is_none() -> None:
    known = (*harmless.HARMLESS, harmless.TAGS, *guards.STATES)
    assert all(rule.why and rule.verdict is Severity.FINE for rule in known)
    assert UNKNOWN.verdict is Severity.ATTENTION


def test_sarif_names_the_line_that_made_the_resource(
    stages: Mapping[str, Stage], tmp_path: Path
) -> None:
    (tmp_path / "stacks").mkdir()
    code = 'class Storage:\n    def __init__(self):\n        Bucket(self, "Output")\n'
    (tmp_path / "stacks" / "storage.py").write_text(code)

    def opened(templates: Templates) -> None:
        templates.bucket("Output")["PublicAccessBlockConfiguration"]["BlockPublicAcls"] = False

    base = stages["prod"]
    found = review_all({"x": Sides(base=[base], head=[edited(base, opened)])})["x"]
    lines = lines_of({one.subject for one in found.findings}, sources=tmp_path)
    review = Review(
        base="a",
        head="b",
        stages=found.stages,
        findings=found.findings,
        cost={},
        lines=lines,
    )
    (run,) = json.loads(sarif(review))["runs"]
    (result,) = run["results"]
    assert result["ruleId"] == "bucket-public"
    assert result["level"] == "warning"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "stacks/storage.py"
    assert place["region"]["startLine"] == 3


@pytest.mark.parametrize(
    ("path", "new", "fine"),
    [
        ("Tags[team].Value", "vision", True),
        ("Tags.team", "vision", True),
        ("Tags[Decides].Value", "x", False),
        ("Tags[0].Key", "decides", False),
        ("Tags", [], False),
    ],
)
def test_a_tag_is_harmless_unless_a_policy_decides_by_it(path: str, new: Any, fine: bool) -> None:  # noqa: ANN401, FBT001
    rule = harmless.other_tags({"decides"})
    leaf = Leaf(path=path, old=ABSENT, new=new)
    assert rule.explains(leaf, Place(kind="AWS::S3::Bucket", fate="changed")) is fine
