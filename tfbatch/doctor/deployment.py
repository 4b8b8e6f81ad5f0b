"""Checks that a stage's stacks are deployed, complete and as the settings say."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tfbatch.aws.deployed_outputs import fixed_values, stack_name
from tfbatch.doctor.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.aws.session import Session
    from tfbatch_cdk.settings import Stage

_A_KEY = "the stage's key"
_KEY = re.compile(r'arn:aws[\w-]*:kms:[^"]+')
_SHOWN = 8
"""Differences that are shown."""


def kinds(stage: Stage) -> list[str]:
    """The kinds of stacks that a stage has."""
    return ["data", "inference", *(["endpoint"] if stage.endpoint else [])]


def stacks(session: Session, stage: Stage) -> Iterator[Check]:
    """Check the status of each stack."""
    cloudformation = session.boto.client("cloudformation")
    for kind in kinds(stage):
        name = stack_name(session, kind)
        try:
            (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        except cloudformation.exceptions.ClientError as error:
            if "does not exist" not in str(error):
                raise
            yield _missing(name, session)
            continue
        yield _judge(name, stack["StackStatus"])


def _judge(name: str, status: str) -> Check:
    """Decide whether an existing stack is complete."""
    if status.endswith("_IN_PROGRESS"):
        remedy = "Wait for its end."
    elif status.endswith("_COMPLETE") and "ROLLBACK" not in status:
        remedy = ""
    else:
        remedy = (
            f"See 'aws cloudformation describe-stack-events --stack-name {name}', mend it, and "
            "deploy again."
        )
    return Check(
        name=f"stack {name}", status="failed" if remedy else "ok", found=status, remedy=remedy
    )


def _missing(name: str, session: Session) -> Check:
    return Check(
        name=f"stack {name}",
        status="failed",
        found="Not deployed",
        remedy=f"Run 'cdk deploy --all -c stage={session.stage}'.",
    )


def settings(session: Session, stage: Stage, state_machine: str) -> Iterator[Check]:
    """Compare the deployment with the settings of this checkout."""
    sfn = session.boto.client("stepfunctions")
    definition = json.loads(sfn.describe_state_machine(stateMachineArn=state_machine)["definition"])
    changed = changes(stage, fixed_values(definition))
    more = [f"and {len(changed) - _SHOWN} more"] if len(changed) > _SHOWN else []
    review = "tfbatch review --base HEAD --deployed"
    yield Check(
        name="settings",
        status="warning" if changed else "ok",
        found="; ".join(changed[:_SHOWN] + more)
        if changed
        else "Deployed as stacks/stages.py says",
        remedy=f"Run 'cdk deploy --all -c stage={stage.name}' ('{review}' says what that does), or "
        "check out what is deployed."
        if changed
        else "",
    )


def changes(stage: Stage, deployed: Mapping[str, Any]) -> list[str]:
    """List what differs between a stage's settings and the values that its deployment fixed.

    Args:
        stage: the settings.
        deployed: see :func:`tfbatch.aws.deployed_outputs.fixed_values`.
    """
    from tfbatch_cdk.workflow.stage_parameters import stage_parameters  # noqa: PLC0415 # slow import

    wanted = {
        **stage_parameters(
            stage,
            output_bucket=deployed["outputBucket"],
            key=_A_KEY if stage.protection.customer_key else None,
        ),
        "models": [model.name for model in stage.models],
    }
    return different(_comparable(wanted), _comparable(deployed))


def different(wanted: Mapping[str, Any], deployed: Mapping[str, Any], path: str = "") -> list[str]:
    """List the values that differ between the deployment and the settings."""
    said = []
    for name in sorted(wanted.keys() | deployed.keys()):
        where = f"{path}{name}"
        if name not in deployed:
            said.append(f"{where} is not deployed yet")
        elif name not in wanted:
            said.append(f"{where} is deployed, and the settings have none")
        elif isinstance(wanted[name], dict) and isinstance(deployed[name], dict):
            said += different(wanted[name], deployed[name], f"{where}.")
        elif wanted[name] != deployed[name]:
            old, new = json.dumps(deployed[name]), json.dumps(wanted[name])
            said.append(f"{where} = {old} is deployed, and the settings say {new}")
    return said


def _comparable(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON has it: a tuple as a list, 70.0 as 70; models by their names, any key as a key.

    Without what only AWS names at deployment, and without nulls, which the CDK leaves out.
    """
    from tfbatch_cdk.workflow.stage_parameters import DeployedNames  # noqa: PLC0415 # slow import

    named = {"region", *DeployedNames.__annotations__}
    known = {
        name: value for name, value in values.items() if value is not None and name not in named
    }
    known["models"] = dict.fromkeys(values["models"], "")
    text = _KEY.sub(_A_KEY, json.dumps(known))
    found: dict[str, Any] = json.loads(text, parse_float=_number, object_hook=_without_nulls)
    return found


def _without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number == int(number) else number
