"""Reads the CloudFormation outputs of a stage's stacks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.aws.execution import Executions
from tfbatch.terminal.problem import Problem
from tfbatch_cdk.workflow.fields import NULL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.aws.session import Session


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployed:
    """What a run needs of a stage."""

    input_bucket: str
    output_bucket: str
    work_bucket: str
    state_machine: str
    """Its ARN."""

    @classmethod
    def find(cls, session: Session) -> Deployed:
        """Read the outputs of a stage's data and inference stacks.

        Raises:
            Problem: a stack isn't deployed, or lacks an output.
        """
        found = stack_outputs(session, "data") | stack_outputs(session, "inference")
        try:
            return cls(
                input_bucket=found["InputBucketName"],
                output_bucket=found["OutputBucketName"],
                work_bucket=found["WorkBucketName"],
                state_machine=found["StateMachineArn"],
            )
        except KeyError as error:
            raise Problem(
                f"The stacks of stage {session.stage} have no output {error.args[0]}: "
                f"deploy this version with 'cdk deploy --all -c stage={session.stage}'."
            ) from None

    def executions(self, session: Session) -> Executions:
        """Return the executions of its state machine."""
        sfn = session.boto.client("stepfunctions")
        return Executions(sfn=sfn, state_machine=self.state_machine)

    def fixed(self, session: Session) -> Mapping[str, Any]:
        """Return the values that the deployment fixed; see :func:`fixed_values`."""
        sfn = session.boto.client("stepfunctions")
        found = sfn.describe_state_machine(stateMachineArn=self.state_machine)
        return fixed_values(json.loads(found["definition"]))


def stack_name(session: Session, kind: str) -> str:
    """Return a stack's name; ``kind`` is ``data``, ``inference`` or ``endpoint``.

    A stack of one's own stands for all three.
    """
    return session.stack or f"tfbatch-{session.stage}-{kind}"


def stack_outputs(session: Session, kind: str) -> dict[str, str]:
    """Return the outputs of one of a stage's stacks.

    Raises:
        Problem: it isn't deployed.
    """
    cloudformation, name = session.boto.client("cloudformation"), stack_name(session, kind)
    try:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise Problem(
            f"Stack {name} is not deployed in {session.where}: run "
            f"'cdk deploy --all -c stage={session.stage}', or choose another --stage or --region."
        ) from None
    return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}


def fixed_values(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values that the deployment fixed, from the definition of its state machine.

    These are models, formats, instance types, prices and buckets, as deployed. A setting without a
    value is left out.

    Raises:
        Problem: another version of tfbatch deployed it.
    """
    for state in definition["States"].values():
        if "stage" in state.get("Assign", {}):
            found: Mapping[str, Any] = _without_nulls(state["Assign"]["stage"])
            return found
    raise Problem("The deployed state machine is of another version: deploy with 'cdk deploy'.")


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 # any JSON
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one != NULL}
    return list(map(_without_nulls, value)) if isinstance(value, list) else value


def usd_per_hour(fixed: Mapping[str, Any]) -> dict[str, float]:
    """Return the hourly prices of instances, by type with ``ml.``, as the workflow uses them.

    Args:
        fixed: from :func:`fixed_values`.
    """
    prices = fixed["prices"]
    standing = prices.get(fixed["pricesStandingIn"], {}) | prices.get(fixed["region"], {})
    return {name: price["usd"] for name, price in standing.items()}
