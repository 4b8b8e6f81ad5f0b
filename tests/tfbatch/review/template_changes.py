"""Golden pull requests as changes of the templates, and what a review must say of each."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.tfbatch.review.templates import Template, Templates, states
from tfbatch.review.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

FINE, ATTENTION, DESTRUCTIVE = Severity.FINE, Severity.ATTENTION, Severity.DESTRUCTIVE
Change = "Callable[[Templates], object]"
ROLE, POLICY, BUCKET = "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::S3::Bucket"
RULE, ALARM, MODEL = "AWS::Events::Rule", "AWS::CloudWatch::Alarm", "AWS::SageMaker::Model"
FUNCTION = "AWS::Lambda::Function"
PATH = "aws:cdk:path"


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateChange:
    """A change of a synthesized stage, and what a review of it must find."""

    name: str
    change: Callable[[Templates], object]
    verdict: Severity
    hurts: frozenset[str] = frozenset()
    """The rules of all findings under "What could hurt", and no others."""
    also: frozenset[str] = frozenset()
    """Rules of findings elsewhere that must be there."""
    says: tuple[str, ...] = ()
    """Texts that the comment must have."""
    never: tuple[str, ...] = ()
    """Texts that it must not have."""
    before: Callable[[Templates], object] | None = None
    """What is changed on both sides first."""
    stage: str = "prod"


def _add(template: Template, name: str, kind: str, **properties: object) -> Template:
    """Add a resource."""
    body = {"Type": kind, "Properties": properties, "Metadata": {PATH: f"x/{name}"}}
    template["Resources"][name] = body
    return body


def _statements(t: Templates, path: str) -> list[Template]:
    found: list[Template] = t.properties(POLICY, f"{path}/Role/DefaultPolicy")["PolicyDocument"][
        "Statement"
    ]
    return found


def _without_state(name: str, then: str) -> Callable[[Templates], None]:
    """Remove a state; what led to it leads on."""

    def change(machine: Template) -> None:
        for _, state in states(machine):
            for way in (state, *state.get("Choices", []), *state.get("Catch", [])):
                for key in ("Next", "Default"):
                    if way.get(key) == name:
                        way[key] = then
        del machine["States"][name]

    return lambda t: t.workflow(change)


def _condition(old: str, new: str) -> Callable[[Template], None]:
    def change(state: Template) -> None:
        choice = state["Choices"][0]
        assert old in choice["Condition"]
        choice["Condition"] = choice["Condition"].replace(old, new)

    return change


def _each_state(change: Callable[[Template], None]) -> Callable[[Templates], None]:
    def everywhere(machine: Template) -> None:
        for _, state in states(machine):
            change(state)

    return lambda t: t.workflow(everywhere)


def _empty_retry(state: Template) -> None:
    if "Retry" in state:
        state["Retry"] = []


def _narrow_catch(state: Template) -> None:
    for catcher in state.get("Catch", []):
        catcher["ErrorEquals"] = ["States.Timeout"]


def _more_tries(state: Template) -> None:
    for retrier in state.get("Retry", []):
        retrier["MaxAttempts"] = 20


def _renamed_state(machine: Template) -> None:
    shards = machine["States"]["Transform the shards"]["ItemProcessor"]["States"]
    shards["Run the job"] = shards.pop("Transform")
    for _, state in states(machine):
        for way in (state, *state.get("Choices", []), *state.get("Catch", [])):
            for key in ("Next", "Default"):
                if way.get(key) == "Transform":
                    way[key] = "Run the job"


def _new_state(machine: Template) -> None:
    machine["States"]["Wait for quiet hours"] = {"Type": "Wait", "Seconds": 60, "Next": "Plan"}
    machine["States"]["Is it in this region?"]["Choices"][0]["Next"] = "Wait for quiet hours"


def _no_catch(state: Template) -> None:
    del state["Catch"]


def _without_key(state: Template) -> None:
    before = state["Assign"]["stage"]["formats"]["jpeg"]["output"]
    del before["KmsKeyId"]


def _stage_value(name: str, value: object) -> Callable[[Template], None]:
    def change(state: Template) -> None:
        state["Assign"]["stage"][name] = value

    return change


def _argument(old: str, new: str) -> Callable[[Template], None]:
    def change(state: Template) -> None:
        assert old in state["Arguments"]
        state["Arguments"] = state["Arguments"].replace(old, new)

    return change


def _boundaries(t: Templates) -> None:
    for _, role in t.named(ROLE, ".*"):
        role["Properties"]["PermissionsBoundary"] = "arn:aws:iam::111122223333:policy/Boundary"


def _no_boundaries(t: Templates) -> None:
    for _, role in t.named(ROLE, ".*"):
        del role["Properties"]["PermissionsBoundary"]


def _allow(**parts: object) -> Template:
    return {"Effect": "Allow", "Resource": "*", **parts}


def _grant(path: str, **parts: object) -> Callable[[Templates], None]:
    return lambda t: _statements(t, path).append(_allow(**parts))


def _last_statement(path: str, **parts: object) -> Callable[[Templates], None]:
    """Replace the statement that ``before`` added."""

    def change(t: Templates) -> None:
        _statements(t, path)[-1] = _allow(**parts)

    return change


def _second_role(t: Templates) -> None:
    """A role of the same construct path in the other stack, with every right."""
    path = "tfbatch-prod-data/Plan/Role/Resource"
    trust = copy.deepcopy(t.properties(ROLE, "Plan/Role")["AssumeRolePolicyDocument"])
    document = {"Statement": [_allow(Action="*")]}
    role = _add(t.data, "Second", ROLE, AssumeRolePolicyDocument=trust)
    role["Properties"]["Policies"] = [{"PolicyName": "All", "PolicyDocument": document}]
    role["Metadata"][PATH] = path


def _nested(t: Templates) -> None:
    _add(t.inference, "Inner", "AWS::CloudFormation::Stack", TemplateURL="https://example/x")


def _bucket_without_retention(t: Templates) -> None:
    bucket = t.resource(BUCKET, "Output")
    del bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]


def _gone(kind: str, path: str) -> Callable[[Templates], None]:
    def change(t: Templates) -> None:
        ((name, _),) = t.named(kind, path)
        for template in (t.data, t.inference):
            template["Resources"].pop(name, None)

    return change


def _set(kind: str, path: str, **properties: object) -> Callable[[Templates], None]:
    return lambda t: t.properties(kind, path).update(properties)


def _drop(kind: str, path: str, name: str) -> Callable[[Templates], None]:
    return lambda t: t.properties(kind, path).pop(name)


def _output_renamed(t: Templates) -> None:
    t.data["Outputs"]["Input"] = t.data["Outputs"].pop("InputBucketName")


def _export_gone(t: Templates) -> None:
    outputs = t.data["Outputs"]
    del outputs[next(name for name in outputs if name.startswith("ExportsOutputRefStorageWork"))]


def _first_rule(t: Templates) -> None:
    first = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}, "Status": "Enabled"}
    t.bucket("Output")["LifecycleConfiguration"]["Rules"].insert(0, first)


def _moved_construct(t: Templates) -> None:
    for template in (t.data, t.inference):
        for body in template["Resources"].values():
            body["Metadata"][PATH] = body["Metadata"][PATH].replace("/Plan/", "/Planning/")


def _split_statement(t: Templates) -> None:
    document = t.properties(POLICY, "People/Operator/DefaultPolicy")["PolicyDocument"]
    statements = document["Statement"]
    several = next(one for one in statements if isinstance(one["Action"], list))
    second = copy.deepcopy(several)
    second["Action"] = several["Action"][1:]
    several["Action"] = several["Action"][0]
    statements.append(second)


def _narrow_condition(t: Templates) -> None:
    for one in _statements(t, "Model-efficientnet-lite0"):
        if "StringLike" in one.get("Condition", {}):
            one["Condition"]["StringLike"] = {"cloudwatch:namespace": "/aws/sagemaker/Transform"}


def _endpoint_policy(t: Templates) -> None:
    statements = t.properties("AWS::EC2::VPCEndpoint", "Network/S3")["PolicyDocument"]["Statement"]
    statements[0]["Action"].append("s3:GetObjectVersion")


def _key_policy(t: Templates) -> None:
    statements = t.properties("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    statements[0]["Action"].append("kms:RotateKeyOnDemand")


def _everyone_but_one(t: Templates) -> None:
    excepted = {"AWS": "arn:aws:iam::111122223333:root"}
    statements = t.properties("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    statements.append(_allow(NotPrincipal=excepted, Action="sns:Subscribe"))


def _anyone_reads(t: Templates) -> None:
    document = t.properties("AWS::S3::BucketPolicy", "Output/Policy")["PolicyDocument"]
    name = {"Fn::Join": ["", [{"Fn::GetAtt": ["StorageOutputBB69BB33", "Arn"]}, "/*"]]}
    document["Statement"].append(
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": name}
    )


def _all_of_s3(t: Templates) -> None:
    for one in _statements(t, "Model-efficientnet-lite0"):
        if one["Action"] == "s3:GetObject":
            one["Action"] = "s3:*"


def _trust_without_condition(t: Templates) -> None:
    trust = t.properties(ROLE, "Model-efficientnet-lite0/Role")["AssumeRolePolicyDocument"]
    del trust["Statement"][0]["Condition"]


def _unencrypted(t: Templates) -> None:
    for _, bucket in t.named(BUCKET, ".*"):
        del bucket["Properties"]["BucketEncryption"]


def _public_block_off(t: Templates) -> None:
    for _, bucket in t.named(BUCKET, ".*"):
        bucket["Properties"]["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] = False


def _renamed_bucket(t: Templates) -> None:
    t.bucket("Output")["BucketName"] = "the-new-name"


def _fixed_name(t: Templates) -> None:
    t.properties(MODEL)["ModelName"] = "the-model"


def _another_image(t: Templates) -> None:
    t.properties(MODEL)["PrimaryContainer"]["Environment"]["EXTRA"] = "1"


def _retained(t: Templates) -> None:
    t.resource("AWS::StepFunctions::StateMachine", "Workflow/StateMachine")["DeletionPolicy"] = (
        "Retain"
    )


def _typed_as_text(t: Templates) -> None:
    properties = t.properties(FUNCTION, "Plan/Function")
    properties["MemorySize"] = str(properties["MemorySize"])


def _other_type(t: Templates) -> None:
    t.resource("AWS::Logs::QueryDefinition", "QueryWhatRunsCost")["Type"] = "AWS::SNS::Topic"


def _rule(*names: str) -> frozenset[str]:
    return frozenset(names)


TEMPLATE_CHANGES = (
    # Harmless, each by a rule with a name.
    TemplateChange(
        name="description of a role",
        change=_set(ROLE, "Plan/Role", Description="Lists"),
        verdict=FINE,
        also=_rule("description"),
        says=("A text for people.", "Nothing risky", "1 changed"),
    ),
    TemplateChange(
        name="description of a stack",
        change=lambda t: t.data.update(Description="Data"),
        verdict=FINE,
        also=_rule("description"),
    ),
    TemplateChange(
        name="tag of a bucket",
        change=_set(BUCKET, "Output", Tags=[{"Key": "team", "Value": "vision"}]),
        verdict=FINE,
        also=_rule("tags"),
        says=("| Tags&#91;team&#93;.Value | — | `vision` |",),
    ),
    TemplateChange(
        name="output added",
        change=lambda t: t.inference["Outputs"].update(Extra={"Value": "1"}),
        verdict=FINE,
        also=_rule("output-added"),
    ),
    TemplateChange(
        name="alarm added",
        change=lambda t: _add(t.inference, "Extra", ALARM, Threshold=1),
        verdict=FINE,
        also=_rule("resource-added"),
        says=("alarm Extra is added", "1 added"),
    ),
    TemplateChange(
        name="dashboard changed",
        change=_set("AWS::CloudWatch::Dashboard", ".*", DashboardBody="{}"),
        verdict=FINE,
        also=_rule("shown-to-people"),
    ),
    TemplateChange(
        name="query changed",
        change=_set("AWS::Logs::QueryDefinition", "QueryWhatRunsCost", QueryString="fields x"),
        verdict=FINE,
        also=_rule("shown-to-people"),
    ),
    TemplateChange(
        name="logs kept longer",
        change=_set("AWS::Logs::LogGroup", "Plan/Log", RetentionInDays=3653),
        verdict=FINE,
        also=_rule("kept-longer"),
    ),
    TemplateChange(
        name="function with more memory",
        change=_set(FUNCTION, "Plan/Function", MemorySize=3008),
        verdict=FINE,
        also=_rule("function-larger"),
    ),
    TemplateChange(
        name="number as text",
        change=_typed_as_text,
        verdict=FINE,
        also=_rule("written-otherwise"),
    ),
    TemplateChange(
        name="bucket key off",
        change=lambda t: t.bucket("Output")["BucketEncryption"][
            "ServerSideEncryptionConfiguration"
        ][0].update(BucketKeyEnabled=False),
        verdict=FINE,
        also=_rule("bucket-key"),
        never=("encrypted less",),
    ),
    TemplateChange(
        name="construct renamed with its logical ids",
        change=_moved_construct,
        verdict=FINE,
        also=_rule("construct-path"),
    ),
    TemplateChange(
        name="termination protection on",
        change=lambda t: t.settings["inference"].update(terminationProtection=True),
        verdict=FINE,
        also=_rule("protection-added"),
    ),
    TemplateChange(
        name="state machine kept",
        change=_retained,
        verdict=FINE,
        also=_rule("protection-added"),
    ),
    TemplateChange(
        name="message of a failure",
        change=lambda t: t.state(
            "The accounts don't balance", lambda state: state.update(Cause="Lost!")
        ),
        verdict=FINE,
        also=_rule("message", "workflow"),
        says=("only the text for people differs",),
    ),
    TemplateChange(
        name="comment of the workflow",
        change=lambda t: t.workflow(lambda machine: machine.update(Comment="New")),
        verdict=FINE,
        also=_rule("comment"),
    ),
    TemplateChange(
        name="more tries",
        change=_each_state(_more_tries),
        verdict=FINE,
        also=_rule("retry-extended"),
        says=("MaxAttempts: 20",),
    ),
    TemplateChange(
        name="limit lowered",
        change=lambda t: t.state("Read the stage", _stage_value("maxJobs", 2)),
        verdict=FINE,
        also=_rule("limit-lowered"),
    ),
    TemplateChange(
        name="state renamed",
        change=lambda t: t.workflow(_renamed_state),
        verdict=FINE,
        also=_rule("state-renamed"),
        says=("is now called", "Run the job", "1 renamed"),
    ),
    # The workflow.
    TemplateChange(
        name="balance not checked",
        change=_without_state("Do the accounts balance?", "Tell the account"),
        verdict=ATTENTION,
        hurts=_rule("guard-removed", "guard-changed"),
        also=_rule("state-removed"),
        says=("“Do the accounts balance?” guarded the run, and is gone", "lost records"),
        never=("Nothing risky", "Nothing:"),
    ),
    TemplateChange(
        name="balance turned round",
        change=lambda t: t.state("Do the accounts balance?", _condition(" = ", " != ")),
        verdict=ATTENTION,
        hurts=_rule("guard-changed"),
        also=_rule("state-changed"),
        says=("a guard of the run changed", "It fails a run that lost records."),
    ),
    TemplateChange(
        name="request not checked",
        change=lambda t: t.state(
            "Is the request valid?", lambda state: state.update(Default="Name the run")
        ),
        verdict=ATTENTION,
        hurts=_rule("guard-changed"),
        says=("It refuses a wrong request.",),
    ),
    TemplateChange(
        name="all failures tolerated",
        change=lambda t: t.state(
            "Transform the shards", lambda state: state.update(ToleratedFailurePercentage=100)
        ),
        verdict=ATTENTION,
        hurts=_rule("guard-changed"),
        says=("+ToleratedFailurePercentage: 100",),
    ),
    TemplateChange(
        name="retries emptied",
        change=_each_state(_empty_retry),
        verdict=ATTENTION,
        hurts=_rule("guard-changed", "safeguard-lost"),
        says=("have no Retry any more", "states guard the run, and change", "errors handled less"),
    ),
    TemplateChange(
        name="catchers narrowed",
        change=_each_state(_narrow_catch),
        verdict=ATTENTION,
        hurts=_rule("guard-changed", "safeguard-lost"),
        says=("by its Catch than before",),
    ),
    TemplateChange(
        name="failures no longer caught",
        change=lambda t: t.state("Transform", _no_catch),
        verdict=ATTENTION,
        hurts=_rule("guard-changed", "safeguard-lost"),
        says=("has no Catch any more",),
    ),
    TemplateChange(
        name="key dropped from the output",
        change=lambda t: t.state("Read the stage", _without_key),
        verdict=ATTENTION,
        hurts=_rule("guard-changed"),
        says=("KmsKeyId",),
    ),
    TemplateChange(
        name="limit raised in the workflow",
        change=lambda t: t.state("Read the stage", _stage_value("maxInstances", 500)),
        verdict=ATTENTION,
        hurts=_rule("guard-changed"),
        says=("+    maxInstances: 500",),
    ),
    TemplateChange(
        name="expression changed",
        change=lambda t: t.state("Transform", _argument("'AssembleWith': 'Line'", "'Line': 1")),
        verdict=ATTENTION,
        hurts=_rule("guard-changed"),
        says=("Arguments changed", "AssembleWith"),
    ),
    TemplateChange(
        name="new state",
        change=lambda t: t.workflow(_new_state),
        verdict=ATTENTION,
        hurts=_rule("guard-changed"),
        also=_rule("state-added"),
        says=("Wait for quiet hours", "1 added", "+Seconds: 60", "classDef added"),
    ),
    # What stands beside the resources.
    TemplateChange(
        name="image of another account",
        change=lambda t: t.inference["Mappings"]["RegistryAccounts"]["us-east-1"].update(
            account="111122223333"
        ),
        verdict=ATTENTION,
        hurts=_rule("mapping-changed"),
        says=("| us-east-1.account | `763104351884` | `111122223333` |",),
    ),
    TemplateChange(
        name="output removed",
        change=lambda t: t.data["Outputs"].pop("InputBucketName"),
        verdict=ATTENTION,
        hurts=_rule("output-removed"),
        never=("Nothing:", "will fail"),
    ),
    TemplateChange(
        name="output renamed",
        change=_output_renamed,
        verdict=ATTENTION,
        hurts=_rule("output-removed"),
        also=_rule("output-added"),
    ),
    TemplateChange(
        name="export in use removed",
        change=_export_gone,
        verdict=ATTENTION,
        hurts=_rule("deployment-fails", "guard-changed"),
        also=_rule("cdk-export"),
        says=("the deployment will fail", "is in use and can't be removed"),
    ),
    TemplateChange(
        name="default of a parameter",
        change=lambda t: t.data["Parameters"]["BootstrapVersion"].update(Default="/other"),
        verdict=ATTENTION,
        hurts=_rule("parameter-changed"),
    ),
    TemplateChange(
        name="condition changed",
        before=lambda t: t.data.update(Conditions={"Is": {"Fn::Equals": ["a", "b"]}}),
        change=lambda t: t.data.update(Conditions={"Is": {"Fn::Equals": ["a", "a"]}}),
        verdict=ATTENTION,
        hurts=_rule("condition-changed"),
    ),
    TemplateChange(
        name="unknown section",
        change=lambda t: t.data.update(Hooks={"Green": {"Type": "x"}}),
        verdict=ATTENTION,
        hurts=_rule("unknown-change"),
        says=("no rule knows what that does", "| Green.Type | — | `x` |"),
    ),
    TemplateChange(
        name="another role deploys",
        change=lambda t: t.settings["data"].update(cloudFormationExecutionRoleArn="arn:admin"),
        verdict=ATTENTION,
        hurts=_rule("unknown-change"),
        says=("cloudFormationExecutionRoleArn", "`arn:admin`"),
    ),
    TemplateChange(
        name="termination protection off",
        change=lambda t: t.settings["data"].update(terminationProtection=False),
        verdict=ATTENTION,
        hurts=_rule("termination-protection-lost"),
    ),
    # Permissions.
    TemplateChange(
        name="boundary removed",
        before=_boundaries,
        change=_no_boundaries,
        verdict=ATTENTION,
        hurts=_rule("boundary-lost"),
        says=("roles have no permissions boundary any more", "permissions boundary lost"),
    ),
    TemplateChange(
        name="all but something becomes one thing",
        before=_grant("Plan", NotAction="iam:*"),
        change=_last_statement("Plan", Action="iam:CreateUser"),
        verdict=ATTENTION,
        hurts=_rule("permissions-broadened"),
        says=("may do more than before", "iam:CreateUser"),
    ),
    TemplateChange(
        name="all but something more",
        before=_grant("Plan", NotAction=["iam:*", "s3:*"]),
        change=_last_statement("Plan", NotAction=["iam:*"]),
        verdict=ATTENTION,
        hurts=_rule("permissions-broadened"),
        says=("all but iam:",),
    ),
    TemplateChange(
        name="role of the same path in a second stack",
        change=_second_role,
        verdict=ATTENTION,
        hurts=_rule("permissions-added"),
        says=("{stage}-data/Plan/Role is new and may act", "permissions broadened"),
    ),
    TemplateChange(
        name="user with every right",
        change=lambda t: _add(
            t.data,
            "Eve",
            "AWS::IAM::User",
            Policies=[{"PolicyName": "p", "PolicyDocument": {"Statement": [_allow(Action="*")]}}],
        ),
        verdict=ATTENTION,
        hurts=_rule("permissions-added", "unknown-change"),
        says=("User Eve is new and may act",),
    ),
    TemplateChange(
        name="group with a managed policy",
        before=lambda t: _add(t.data, "Staff", "AWS::IAM::Group"),
        change=_set("AWS::IAM::Group", "Staff", ManagedPolicyArns=["arn:aws:iam::aws:policy/All"]),
        verdict=ATTENTION,
        hurts=_rule("permissions-added"),
        says=("the managed policy arn:aws:iam::aws:policy/All",),
    ),
    TemplateChange(
        name="managed policy broadened",
        before=lambda t: _add(
            t.data,
            "Own",
            "AWS::IAM::ManagedPolicy",
            Roles=["ops"],
            PolicyDocument={"Statement": [_allow(Action="s3:GetObject")]},
        ),
        change=_set(
            "AWS::IAM::ManagedPolicy", "Own", PolicyDocument={"Statement": [_allow(Action="s3:*")]}
        ),
        verdict=ATTENTION,
        hurts=_rule("permissions-broadened"),
        says=("Ops may do more than before",),
    ),
    TemplateChange(
        name="everyone but one",
        change=_everyone_but_one,
        verdict=ATTENTION,
        hurts=_rule("public-access"),
        says=("Anyone on the internet gets access",),
    ),
    TemplateChange(
        name="role gets all of S3",
        change=_all_of_s3,
        verdict=ATTENTION,
        hurts=_rule("permissions-broadened"),
        says=("may do more than before", "s3:* (", "deleting data", "permissions broadened"),
    ),
    TemplateChange(
        name="condition dropped",
        change=_trust_without_condition,
        verdict=ATTENTION,
        hurts=_rule("permissions-broadened"),
        says=("if aws:SourceAccount StringEquals {AccountId}",),
    ),
    TemplateChange(
        name="anyone reads",
        change=_anyone_reads,
        verdict=ATTENTION,
        hurts=_rule("public-access"),
        says=("Anyone on the internet gets access", "`s3:GetObject`", "open to anyone"),
    ),
    TemplateChange(
        name="condition narrowed",
        change=_narrow_condition,
        verdict=ATTENTION,
        also=_rule("permissions-narrowed"),
        says=("may do less than before",),
        never=("may do more", "permissions broadened"),
    ),
    TemplateChange(
        name="statement split in two",
        change=_split_statement,
        verdict=ATTENTION,
        hurts=_rule("permissions-rewritten"),
        says=("nobody may do more than before",),
        never=("permissions broadened",),
    ),
    TemplateChange(
        name="endpoint of one's own account",
        change=_endpoint_policy,
        verdict=ATTENTION,
        hurts=_rule("permissions-broadened"),
        never=("on the internet",),
    ),
    TemplateChange(
        name="administrators of the key may do more",
        change=_key_policy,
        verdict=ATTENTION,
        hurts=_rule("permissions-broadened"),
        says=("| Encryption/Key |",),
        never=("On every resource of the account",),
    ),
    TemplateChange(
        name="function for everyone",
        change=lambda t: _add(
            t.inference,
            "Url",
            "AWS::Lambda::Url",
            AuthType="NONE",
            TargetFunctionArn={"Fn::GetAtt": ["PlanFunction74A84C0D", "Arn"]},
        ),
        verdict=ATTENTION,
        hurts=_rule("function-public", "unknown-change"),
        says=("answers anyone on the internet",),
    ),
    # Stacks.
    TemplateChange(
        name="container's environment",
        change=_another_image,
        verdict=ATTENTION,
        hurts=_rule("unknown-change"),
        also=_rule("resource-replaced"),
        says=("PrimaryContainer can't change in place", "The old one stays", "EXTRA"),
    ),
    TemplateChange(
        name="container's environment, the old model not kept",
        before=lambda t: t.resource(MODEL).pop("UpdateReplacePolicy"),
        change=_another_image,
        verdict=ATTENTION,
        hurts=_rule("unknown-change"),
        also=_rule("resource-replaced"),
        says=("deploy while none runs",),
    ),
    TemplateChange(
        name="nested stack added",
        change=_nested,
        verdict=ATTENTION,
        hurts=_rule("unknown-change"),
        says=("stack Inner is added", "https"),
    ),
    # Alarms, triggers, subscribers.
    TemplateChange(
        name="threshold raised",
        change=_set(ALARM, "Alarms/FailedRun", Threshold=1000),
        verdict=ATTENTION,
        hurts=_rule("alarm-changed"),
        says=("| Threshold | `0` | `1000` |", "alarms changed"),
    ),
    TemplateChange(
        name="alarm tells nobody",
        change=_drop(ALARM, "Alarms/FailedRun", "AlarmActions"),
        verdict=ATTENTION,
        hurts=_rule("alarm-changed"),
    ),
    TemplateChange(
        name="alarm removed",
        change=_gone(ALARM, "Alarms/FailedRun"),
        verdict=ATTENTION,
        also=_rule("resource-removed"),
        says=("alarm Monitoring/Alarms/FailedRun is removed", "1 removed"),
        never=("Nothing:", "Nothing risky"),
    ),
    TemplateChange(
        name="trigger without its filter",
        change=lambda t: t.properties(RULE, "RequestFile")["EventPattern"]["detail"].pop("object"),
        verdict=ATTENTION,
        hurts=_rule("trigger-changed"),
    ),
    TemplateChange(
        name="schedule changed",
        change=_set(RULE, "Pulse/Clock", ScheduleExpression="rate(1 minute)"),
        verdict=ATTENTION,
        hurts=_rule("trigger-changed"),
    ),
    TemplateChange(
        name="foreign subscriber",
        change=lambda t: _add(
            t.inference,
            "Mail",
            "AWS::SNS::Subscription",
            Protocol="email",
            Endpoint="eve@example.com",
            TopicArn={"Ref": "NotificationsTopicAE679CBD"},
        ),
        verdict=ATTENTION,
        hurts=_rule("subscriber-added", "unknown-change"),
        says=("sends every notification to somebody new", "eve"),
    ),
    # Networks.
    TemplateChange(
        name="ingress from anywhere, on its own",
        change=lambda t: _add(
            t.inference, "Open", "AWS::EC2::SecurityGroupIngress", CidrIp="0.0.0.0/0"
        ),
        verdict=ATTENTION,
        hurts=_rule("network-open"),
        says=("reachable from anywhere",),
    ),
    TemplateChange(
        name="egress to anywhere",
        change=_set("AWS::EC2::SecurityGroupEgress", "ToInstancesTcp", CidrIp="0.0.0.0/0"),
        verdict=ATTENTION,
        hurts=_rule("network-leaves"),
        never=("reachable from anywhere",),
    ),
    TemplateChange(
        name="model leaves the VPC, isolated",
        change=_drop(MODEL, ".*", "VpcConfig"),
        verdict=ATTENTION,
        also=_rule("isolated-without-vpc", "resource-replaced"),
        never=("no longer isolated", "network isolation off"),
    ),
    TemplateChange(
        name="network isolation off",
        change=_set(MODEL, ".*", EnableNetworkIsolation=False),
        verdict=ATTENTION,
        hurts=_rule("network-isolation-off"),
        says=("no longer isolated from the network", "| `yes` | `no` |"),
    ),
    # Protection of data.
    TemplateChange(
        name="bucket may be public",
        change=_public_block_off,
        verdict=ATTENTION,
        hurts=_rule("bucket-public"),
        says=("4 buckets may be made public", "public access possible"),
    ),
    TemplateChange(
        name="encryption off",
        change=_unencrypted,
        verdict=ATTENTION,
        hurts=_rule("encryption-weakened"),
        says=("buckets are encrypted less strictly",),
    ),
    TemplateChange(
        name="versions off",
        change=lambda t: t.bucket("Output").update(VersioningConfiguration={"Status": "Suspended"}),
        verdict=ATTENTION,
        hurts=_rule("retention-lost"),
        says=("Bucket Storage/Output no longer keeps older versions",),
    ),
    TemplateChange(
        name="logs expire sooner",
        change=lambda t: t.bucket("AccessLogs")["LifecycleConfiguration"]["Rules"][0].update(
            ExpirationInDays=30
        ),
        verdict=ATTENTION,
        hurts=_rule("retention-lost"),
        says=("forgets sooner", "`365` | `30`"),
    ),
    TemplateChange(
        name="lifecycle rule in front",
        change=_first_rule,
        verdict=ATTENTION,
        hurts=_rule("unknown-change"),
        says=("DaysAfterInitiation | — | `1`",),
        never=("forgets sooner", "NoncurrentDays"),
    ),
    TemplateChange(
        name="access no longer logged",
        change=_drop(BUCKET, "Output", "LoggingConfiguration"),
        verdict=ATTENTION,
        hurts=_rule("audit-off", "unknown-change"),
    ),
    TemplateChange(
        name="runtime of a function",
        change=_set(FUNCTION, "Plan/Function", Runtime="python3.8"),
        verdict=ATTENTION,
        hurts=_rule("unknown-change"),
        says=("| Runtime | `python3.14` | `python3.8` |", "changes that no rule knows"),
    ),
    # Data that is lost, and deployments that fail.
    TemplateChange(
        name="bucket renamed, kept",
        change=_renamed_bucket,
        verdict=ATTENTION,
        hurts=_rule("stateful-replaced-kept", "deployment-fails", "renamed"),
        says=("in use and can't be changed", "the deployment will fail"),
    ),
    TemplateChange(
        name="bucket renamed",
        before=_bucket_without_retention,
        change=_renamed_bucket,
        verdict=DESTRUCTIVE,
        hurts=_rule("stateful-replaced", "deployment-fails", "renamed"),
        says=("BucketName can't be changed in place", "data of 1 lost"),
    ),
    TemplateChange(
        name="table removed",
        before=lambda t: _add(t.data, "Spare", "AWS::DynamoDB::Table"),
        change=_gone("AWS::DynamoDB::Table", "Spare"),
        verdict=DESTRUCTIVE,
        hurts=_rule("stateful-removed"),
        says=("There is no undo", "data of 1 lost"),
    ),
    TemplateChange(
        name="key removed",
        before=lambda t: _add(t.data, "Spare", "AWS::KMS::Key"),
        change=_gone("AWS::KMS::Key", "Spare"),
        verdict=DESTRUCTIVE,
        hurts=_rule("stateful-removed"),
    ),
    TemplateChange(
        name="bucket emptied",
        stage="dev",
        change=_gone("Custom::S3AutoDeleteObjects", "Output/AutoDeleteObjectsCustomResource"),
        verdict=DESTRUCTIVE,
        hurts=_rule("bucket-emptied"),
        says=("Bucket Storage/Output is emptied",),
    ),
    TemplateChange(
        name="replaced with a fixed name",
        before=_fixed_name,
        change=_another_image,
        verdict=ATTENTION,
        hurts=_rule("deployment-fails", "unknown-change"),
        says=("keeps its ModelName", "the deployment will fail"),
    ),
    TemplateChange(
        name="another type under the same id",
        change=_other_type,
        verdict=ATTENTION,
        hurts=_rule("unknown-change"),
        also=_rule("resource-removed", "resource-added"),
    ),
)
