"""The sandbox serves this machine's programs; no page in a browser and no name leads elsewhere."""

from __future__ import annotations

import http.client
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.tfbatch_sandbox.roles import make_role
from tests.tfbatch_sandbox.server.fuzzing import Fuzzer
from tfbatch_sandbox.authorization import record
from tfbatch_sandbox.server import faults

if TYPE_CHECKING:
    from tfbatch_sandbox.sandbox import Sandbox

_LISTENS = "0A"
_LOOPBACK = ("0100007F", "00000000000000000000000001000000")
"""127.0.0.1 and ::1 in /proc/net/tcp and tcp6."""


def _get(sandbox: Sandbox, path: str, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers=named)
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return reply.status, body


@pytest.mark.parametrize("path", ["/", "/photos/a.jpg", faults.PATH, record.PATH])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example:{port}"},
        {"Host": "127.0.0.1.attacker.example"},
        {"Host": "localhost.attacker.example:{port}"},
        {"Host": "169.254.169.254"},
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
    ids=str,
)
def test_what_a_web_page_can_send_is_refused(
    sandbox: Sandbox, path: str, headers: dict[str, str]
) -> None:
    sent = {name: value.format(port=sandbox.port) for name, value in headers.items()}
    status, body = _get(sandbox, path, **sent)
    assert status == 403
    assert json.loads(body)["message"].startswith("The sandbox refuses this request: it")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "photos.localhost"])
def test_names_of_this_machine_are_answered(sandbox: Sandbox, host: str) -> None:
    assert _get(sandbox, record.PATH, Host=f"{host}:{sandbox.port}")[0] == 200
    assert _get(sandbox, record.PATH, Host=host, Sec_Fetch_Site="none")[0] == 200


def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    inodes = _sockets(_descendants(sandbox.process.pid))
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            local, state, inode = (line.split()[place] for place in (1, 3, 9))
            if state == _LISTENS and inode in inodes:
                listening.add(local.partition(":")[0])
    assert listening
    assert listening <= set(_LOOPBACK)


def _descendants(pid: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.parent.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _sockets(pids: set[int]) -> set[str]:
    found = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                target = str(link.readlink())
            except OSError:
                continue
            if target.startswith("socket:["):
                found.add(target[8:-1])
    return found


def _client(sandbox: Sandbox, service: Any, region: str = "us-east-1") -> Any:  # noqa: ANN401
    return boto3.client(
        service,
        endpoint_url=sandbox.endpoint_url,
        region_name=region,
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106
        config=Config(parameter_validation=False),
    )


def _around(sandbox: Sandbox) -> set[Path]:
    """What is beside the state directory, and beside that."""
    return {*sandbox.state_dir.parent.iterdir(), *sandbox.state_dir.parent.parent.iterdir()}


@pytest.mark.parametrize("name", ["../../outside", "..", "a/b", "/tmp/outside"])  # noqa: S108
def test_the_name_of_a_function_leads_nowhere(sandbox: Sandbox, name: str) -> None:
    before, code = _around(sandbox), io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", "def handler(*_):\n    return 'ran'\n")
        archive.writestr("../../../outside.py", "")
    role = make_role(_client(sandbox, "iam"), "plain", {"Service": "lambda.amazonaws.com"})
    functions = _client(sandbox, "lambda")
    with pytest.raises(ClientError):  # noqa: PT012 # one of the two
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": code.getvalue()},
        )
        functions.invoke(FunctionName=name)
    assert _around(sandbox) == before


@pytest.mark.parametrize(
    ("service", "operation", "given", "code"),
    [
        ("sts", "AssumeRole", {"RoleArn": "arn:aws:iam", "RoleSessionName": "me"}, "AccessDenied"),
        ("s3", "PutBucketPolicy", {"Bucket": "no-policy", "Policy": "none"}, "MalformedPolicy"),
        ("stepfunctions", "DescribeExecution", {}, "ValidationException"),
        ("stepfunctions", "GetExecutionHistory", {"maxResults": 1}, "ValidationException"),
        ("cloudformation", "CreateStack", {"StackName": "empty"}, "ValidationError"),
    ],
)
def test_what_the_fuzzer_found_is_refused(
    sandbox: Sandbox, service: str, operation: str, given: dict[str, Any], code: str
) -> None:
    if service == "s3":
        _client(sandbox, "s3").create_bucket(Bucket=given["Bucket"])
    client = _client(sandbox, service)
    with pytest.raises(ClientError) as refused:
        client._make_api_call(operation, given)  # noqa: SLF001 # any operation by its name
    assert refused.value.response["Error"]["Code"] == code


def test_the_api_survives_a_thousand_hostile_calls(sandbox: Sandbox) -> None:
    before = _around(sandbox)
    fuzzer = Fuzzer(sandbox, seed=20)
    fuzzer.run(calls=1000)
    assert fuzzer.faults() == []
    assert _around(sandbox) == before
