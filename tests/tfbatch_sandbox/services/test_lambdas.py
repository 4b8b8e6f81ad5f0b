"""Lambda functions from their zip, in processes of their own."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from botocore.config import Config

from tests.tfbatch_sandbox.roles import allow, make_role

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3
    from mypy_boto3_s3 import S3Client

    from tests.tfbatch_sandbox.services.conftest import Workflows
    from tfbatch_sandbox.sandbox import Sandbox
    from tfbatch_sandbox.services.json_type import Json

    Invoke = Callable[..., Json]

PYTHON = """
import boto3, os, sys, time
from helper import word

def handler(event, context):
    print("seen", event)
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if event.get("fail"):
        raise KeyError(event["fail"])
    if event.get("exit"):
        os._exit(4)
    buckets = [each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]]
    return {"word": word, "name": context.function_name, "setting": os.environ["SETTING"],
            "buckets": buckets, "left": context.get_remaining_time_in_millis() > 0}
"""
ECHO = "def handler(event, context): return event"
COUNT = """
import os, time
calls = []

def handler(event, context):
    time.sleep(event.get("sleep", 0))
    calls.append(context.aws_request_id)
    print("call", len(calls))
    return {"calls": len(set(calls)), "process": os.getpid()}
"""
IMPORTED = """
import os, sys
found = {name.partition(".")[0] for name in sys.modules}
import boto3

def handler(event, context):
    return {"boto3": boto3.__version__, "found": sorted(found), "input": sys.stdin.read()}
"""
NODE_COUNT = "let calls = 0; exports.handler = (e, c, done) => done(null, { calls: ++calls });"
NODE = """
const { S3 } = require("@aws-sdk/client-s3");
exports.handler = async (event, context) => {
  if (event.fail) throw new TypeError(event.fail);
  const { Buckets } = await new S3({}).listBuckets({});
  return { name: context.functionName, buckets: Buckets.map((bucket) => bucket.Name) };
};
"""


def _zip(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_dot_", "."), text)
    return packed.getvalue()


@pytest.fixture(scope="module")
def functions(session: boto3.Session, sandbox: Sandbox, s3: S3Client) -> Json:
    once = Config(retries={"total_max_attempts": 1})  # as Step Functions calls it
    client = session.client("lambda", endpoint_url=sandbox.endpoint_url, config=once)
    iam = session.client("iam", endpoint_url=sandbox.endpoint_url)
    role = make_role(iam, "functions", {"Service": "lambda.amazonaws.com"}, allow("*", on="*"))
    s3.create_bucket(Bucket="seen-by-functions")
    code = {
        "python": ("python3.13", _zip(index_dot_py=PYTHON, helper_dot_py="word = 'ok'")),
        "node": ("nodejs24.x", _zip(index_dot_js=NODE)),
        "count": ("python3.13", _zip(index_dot_py=COUNT)),
        "imports": ("python3.13", _zip(index_dot_py=IMPORTED)),
        "brings": (
            "python3.13",
            _zip(index_dot_py=IMPORTED, boto3_dot_py="__version__ = 'its own'"),
        ),
        "shared": ("python3.13", _zip(index_dot_py="import boto3\n" + COUNT)),
        "node-count": ("nodejs24.x", _zip(index_dot_js=NODE_COUNT)),
        "large": ("python3.13", _zip(index_dot_py=ECHO, padding="x" * 50_000_000)),
    }
    for name, (runtime, packed) in code.items():
        client.create_function(
            FunctionName=name,
            Runtime=runtime,
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": packed},
            Timeout=10,
            Environment={"Variables": {"SETTING": "value"}},
        )
    return client


def _invoke(functions: Json, name: str, event: Json) -> tuple[Json, str | None]:
    response = functions.invoke(FunctionName=name, Payload=json.dumps(event))
    return json.loads(response["Payload"].read()), response.get("FunctionError")


def test_a_python_function_sees_its_code_its_settings_and_the_sandbox(functions: Json) -> None:
    value, error = _invoke(functions, "python", {"a": 1})
    assert error is None
    assert "seen-by-functions" in value.pop("buckets")
    assert value == {"word": "ok", "name": "python", "setting": "value", "left": True}


def test_a_node_function_has_the_sdk_that_lambda_gives_it(functions: Json) -> None:
    value, error = _invoke(functions, "node", {})
    assert error is None
    assert value["name"] == "node"
    assert "seen-by-functions" in value["buckets"]


def test_a_function_finds_lambdas_sdk_or_its_own_and_nothing_of_the_sandbox(
    functions: Json,
) -> None:
    value, _ = _invoke(functions, "imports", {})
    assert value["boto3"][0].isdigit()
    assert not {"aiohttp", "gevent", "moto", "tensorflow"} & set(value["found"])
    assert not value["input"]
    assert _invoke(functions, "brings", {})[0]["boto3"] == "its own"


@pytest.mark.parametrize(("name", "kind"), [("python", "KeyError"), ("node", "TypeError")])
def test_an_exception_comes_back_as_the_functions_error(
    functions: Json, name: str, kind: str
) -> None:
    value, error = _invoke(functions, name, {"fail": "no such thing"})
    assert error == "Unhandled"
    assert value["errorType"] == kind
    assert "no such thing" in value["errorMessage"]


def test_a_function_that_ends_its_process_is_an_error(functions: Json) -> None:
    value, error = _invoke(functions, "python", {"exit": True})
    assert error == "Unhandled"
    assert value["errorType"] == "Runtime.ExitError"


def test_a_function_is_ended_at_its_timeout(functions: Json) -> None:
    functions.update_function_configuration(FunctionName="python", Timeout=1)
    try:
        value, error = _invoke(functions, "python", {"sleep": 30})
    finally:
        functions.update_function_configuration(FunctionName="python", Timeout=10)
    assert error == "Unhandled"
    assert value["errorMessage"] == "Task timed out after 1.00 seconds"


def test_what_a_function_prints_is_in_its_log_group(
    functions: Json, session: boto3.Session, sandbox: Sandbox
) -> None:
    _invoke(functions, "python", {"mark": "printed once"})
    logs = session.client("logs", endpoint_url=sandbox.endpoint_url)
    events = logs.filter_log_events(logGroupName="/aws/lambda/python")["events"]
    assert sum("printed once" in event["message"] for event in events) == 1


def test_a_function_is_unpacked_once_for_calls_at_the_same_time(functions: Json) -> None:
    def call(number: int) -> tuple[Json, str | None]:
        return _invoke(functions, "large", {"number": number})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(8)))
    assert answers == [({"number": number}, None) for number in range(8)]


def test_a_state_machine_calls_a_function(functions: Json, workflows: Workflows) -> None:
    assert functions
    states = {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "python", "Payload": "{% $states.input %}"},
            "Output": "{% $states.result.Payload.word %}",
            "End": True,
        }
    }
    assert workflows.output(states, {"a": 'quoted "text"'}) == "ok"
    failed = workflows.run(states, {"fail": "x"})
    assert failed["error"] == "KeyError"


@pytest.mark.parametrize("name", ["count", "node-count"])
def test_an_environment_is_kept_until_the_function_is_changed(functions: Json, name: str) -> None:
    assert [_invoke(functions, name, {})[0]["calls"] for _ in range(3)] == [1, 2, 3]
    functions.update_function_configuration(FunctionName=name, Timeout=9)
    assert [_invoke(functions, name, {})[0]["calls"] for _ in range(2)] == [1, 2]


def test_calls_at_the_same_time_have_environments_of_their_own(functions: Json) -> None:
    def call(_: int) -> Json:
        return _invoke(functions, "count", {"sleep": 0.5})[0]["process"]

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(call, range(3)))) == 3


def test_short_calls_at_the_same_time_share_few_environments(functions: Json) -> None:
    def call(_: int) -> Json:
        return _invoke(functions, "shared", {})[0]["process"]

    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(call, range(20)))) < 10


def test_an_invocation_has_what_it_printed_and_no_more(functions: Json) -> None:
    calls = []
    for _ in range(2):
        answer = functions.invoke(FunctionName="count", LogType="Tail", Payload=b"{}")
        calls.append(base64.b64decode(answer["LogResult"]).decode().splitlines())
    for lines in calls:
        assert [line.split()[0] for line in lines] == ["START", "call", "END"]
    assert calls[0] != calls[1]
