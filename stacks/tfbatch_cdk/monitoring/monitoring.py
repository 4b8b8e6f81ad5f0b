"""Combines the monitoring of a stage; the other modules of this folder have its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from tfbatch_cdk.monitoring.alarms import Alarms
from tfbatch_cdk.monitoring.dashboard import dashboard
from tfbatch_cdk.monitoring.queries import save
from tfbatch_cdk.scheduled.job_age import JobAge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_sns as sns

    from tfbatch_cdk.security.context import SecurityContext
    from tfbatch_cdk.security.roles import Roles
    from tfbatch_cdk.settings import Stage, Watch


class Monitoring(Construct):
    """Job-age metrics, alarms, dashboard and saved queries."""

    def __init__(  # noqa: PLR0913 # keyword-only
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        watch: Watch,
        state_machine_arn: str,
        log_groups: Sequence[str],
        topic: sns.ITopic,
        security: SecurityContext,
        roles: Roles,
    ) -> None:
        super().__init__(scope, construct_id)
        JobAge(
            self,
            "Pulse",
            stage=stage.name,
            state_machine_arn=state_machine_arn,
            security=security,
            role=roles.job_age,
            clock_role=roles.job_age_clock,
        )
        alarms = Alarms(
            self,
            "Alarms",
            stage=stage.name,
            watch=watch,
            schedules=stage.schedules,
            state_machine_arn=state_machine_arn,
            topic=topic,
        )
        dashboard(self, stage=stage.name, state_machine_arn=state_machine_arn, alarms=alarms.all)
        save(self, stage=stage.name, log_groups=log_groups)
