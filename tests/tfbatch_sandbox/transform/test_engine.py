"""Whole jobs over a real S3, with a stub where the container's port is."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from .test_splitting import recordio, tfrecord

if TYPE_CHECKING:
    import boto3

    from tfbatch_sandbox.sandbox import Sandbox

    from .conftest import Jobs, Outcome

SEE_LOGS = "See job logs for more information"
LINES = b"one\ntwo\nthree\n"


def source(
    jobs: Jobs, *, key: str = "in/", data_type: str = "S3Prefix", **changes: object
) -> dict[str, Any]:
    data = {"S3DataType": data_type, "S3Uri": f"s3://{jobs.bucket}/{key}"}
    return {"DataSource": {"S3DataSource": data}, **changes}


def bodies(outcome: Outcome) -> list[str]:
    return [request["body"] for request in outcome.requests]


def test_every_object_of_the_prefix_gets_one_output_named_after_it(jobs: Jobs) -> None:
    jobs.put_all({"in/a.jpg": b"A", "in/deep/b.jpg": b"B", "other/c.jpg": b"C"})
    outcome = jobs.run()
    assert outcome.reason is None
    assert outcome.outputs == {"a.jpg.out": b"A", "deep/b.jpg.out": b"B"}


def test_a_prefix_is_a_string_not_a_folder(jobs: Jobs) -> None:
    jobs.put_all({"in/a": b"A", "in_other/b": b"B"})
    outcome = jobs.run(TransformInput=source(jobs, key="in"))
    assert outcome.outputs == {"a.out": b"A", "in_other/b.out": b"B"}


def test_a_prefix_may_be_one_whole_key(jobs: Jobs) -> None:
    jobs.put_all({"in/a.csv": b"A"})
    outcome = jobs.run(TransformInput=source(jobs, key="in/a.csv"))
    assert outcome.outputs == {"a.csv.out": b"A"}


def test_a_manifest_names_the_objects_and_no_others(jobs: Jobs) -> None:
    manifest = [{"prefix": f"s3://{jobs.bucket}/in/"}, "a", "deep/b"]
    jobs.put_all(
        {"in/a": b"A", "in/deep/b": b"B", "in/c": b"C", "m.json": json.dumps(manifest).encode()}
    )
    outcome = jobs.run(TransformInput=source(jobs, key="m.json", data_type="ManifestFile"))
    assert outcome.outputs == {"a.out": b"A", "deep/b.out": b"B"}


@pytest.mark.parametrize("manifest", [b"a\nb", b"[]", b'[{"prefix": "x"}, "a"]', b'["a"]'])
def test_a_broken_manifest_says_what_form_it_should_have(jobs: Jobs, manifest: bytes) -> None:
    jobs.put_all({"m.json": manifest})
    outcome = jobs.run(TransformInput=source(jobs, key="m.json", data_type="ManifestFile"))
    assert outcome.reason is not None
    assert '{"prefix": "s3://bucket/some/prefix/"}' in outcome.reason


def test_an_empty_prefix_fails_with_the_services_words(jobs: Jobs) -> None:
    outcome = jobs.run()
    assert outcome.reason is not None
    assert outcome.reason.startswith("ClientError: No S3 objects found under S3 URL")


def test_odd_keys_keep_their_names(jobs: Jobs) -> None:
    names = [
        "with space",
        "plus+plus",
        "per%20cent",
        "日本/ü é",
        "a//b",
        "q?x=1&y#z",
        "'\"",
        "x" * 900,
    ]
    jobs.put_all({f"in/{name}": name.encode() for name in names})
    outcome = jobs.run()
    assert outcome.outputs == {f"{name}.out": name.encode() for name in names}


def test_folder_placeholders_are_left_out_and_empty_objects_are_not(jobs: Jobs) -> None:
    jobs.put_all({"in/": b"", "in/empty": b"", "in/x": b"x"})
    assert jobs.run().outputs == {"empty.out": b"", "x.out": b"x"}


def test_single_records_are_sent_bare_and_joined_by_lines(jobs: Jobs) -> None:
    jobs.put_all({"in/a.tfrecord": b"".join(map(tfrecord, (b"one", b"two", b"three")))})
    outcome = jobs.run(
        TransformInput=source(jobs, SplitType="TFRecord"),
        TransformOutput={"AssembleWith": "Line"},
        BatchStrategy="SingleRecord",
    )
    assert sorted(bodies(outcome)) == ["one", "three", "two"]
    assert outcome.outputs == {"a.tfrecord.out": LINES}


@pytest.mark.parametrize(
    ("split_type", "framed"),
    [
        ("TFRecord", b"".join(map(tfrecord, (b"one", b"two")))),
        ("RecordIO", b"".join(map(recordio, (b"one!", b"two!")))),
        ("Line", b"one\ntwo\n"),
    ],
)
def test_many_records_are_sent_as_they_are_framed(
    jobs: Jobs, split_type: str, framed: bytes
) -> None:
    jobs.put_all({"in/a": framed})
    outcome = jobs.run(TransformInput=source(jobs, SplitType=split_type))
    assert bodies(outcome) == [framed.decode("latin-1")]


def test_payloads_never_span_files_and_never_pass_the_limit(jobs: Jobs) -> None:
    line = b"x" * 400_000 + b"\n"
    jobs.put_all({"in/a": line * 5, "in/b": line})
    outcome = jobs.run(
        TransformInput=source(jobs, SplitType="Line"), MaxPayloadInMB=1, BatchStrategy="MultiRecord"
    )
    assert sorted(len(body) // len(line) for body in bodies(outcome)) == [1, 1, 2, 2]
    assert outcome.outputs == {"a.out": line * 5, "b.out": line}


def test_gzip_is_inflated_before_splitting(jobs: Jobs) -> None:
    jobs.put_all({"in/a.csv.gz": gzip.compress(LINES)})
    outcome = jobs.run(
        TransformInput=source(jobs, SplitType="Line", CompressionType="Gzip"),
        TransformOutput={"AssembleWith": "Line"},
        BatchStrategy="SingleRecord",
    )
    assert outcome.outputs == {"a.csv.gz.out": LINES}


def test_results_keep_the_records_order_however_late_they_come(jobs: Jobs) -> None:
    numbers = b"".join(b"%d\n" % number for number in range(300))
    jobs.put_all({"in/a": numbers, "in/b": numbers})
    outcome = jobs.run(
        stub={"shuffle": 0.05},
        TransformInput=source(jobs, SplitType="Line"),
        TransformOutput={"AssembleWith": "Line"},
        BatchStrategy="SingleRecord",
        MaxConcurrentTransforms=16,
        MaxPayloadInMB=1,
    )
    assert outcome.outputs == {"a.out": numbers, "b.out": numbers}
    assert max(request["at_once"] for request in outcome.requests) == 16


def test_concurrency_is_one_unless_somebody_says_more(jobs: Jobs) -> None:
    jobs.put_all({f"in/{number}": b"x" for number in range(6)})
    outcome = jobs.run(stub={"shuffle": 0.02})
    assert {request["at_once"] for request in outcome.requests} == {1}
    assert "MaxConcurrentTransforms=1, MaxPayloadInMB=6" in outcome.log[0]


def test_the_container_may_propose_the_parameters(jobs: Jobs) -> None:
    jobs.put_all({"in/a": LINES})
    proposed = {
        "MaxConcurrentTransforms": 2,
        "BatchStrategy": "SINGLE_RECORD",
        "MaxPayloadInMB": 3,
    }
    outcome = jobs.run(stub={"parameters": proposed}, TransformInput=source(jobs, SplitType="Line"))
    assert outcome.log[0].endswith(
        "[sagemaker logs]: MaxConcurrentTransforms=2, MaxPayloadInMB=3, BatchStrategy=SINGLE_RECORD"
    )
    assert len(outcome.requests) == 3


def test_content_type_and_accept_go_out_as_given_or_not_at_all(jobs: Jobs) -> None:
    jobs.put_all({"in/a": b"x"})
    outcome = jobs.run(
        TransformInput=source(jobs, ContentType="image/jpeg"), TransformOutput={"Accept": "a/b"}
    )
    headers = outcome.requests[0]["headers"]
    assert (headers["Content-Type"], headers["Accept"]) == ("image/jpeg", "a/b")
    assert headers["Content-Length"] == "1"
    (jobs.folder / "requests.jsonl").unlink()
    bare = jobs.run().requests[0]["headers"]
    assert not {"Content-Type", "Accept"} & set(bare)


def test_a_payload_limit_of_zero_sends_chunks(jobs: Jobs) -> None:
    jobs.put_all({"in/a": b"x" * 7_000_000})
    outcome = jobs.run(MaxPayloadInMB=0)
    assert outcome.requests[0]["headers"]["Transfer-Encoding"] == "chunked"
    assert outcome.outputs == {"a.out": b"x" * 7_000_000}


def test_a_large_output_is_uploaded_in_parts(jobs: Jobs) -> None:
    jobs.put_all({"in/a": b"x\n" * 1000})
    outcome = jobs.run(
        stub={"answer": "y" * 20_000},
        TransformInput=source(jobs, SplitType="Line"),
        BatchStrategy="SingleRecord",
        MaxConcurrentTransforms=8,
    )
    assert outcome.outputs == {"a.out": b"y" * 20_000_000}
    assert "-" in jobs.s3.head_object(Bucket=jobs.bucket, Key="out/a.out")["ETag"]


def test_objects_are_dealt_to_as_many_containers_as_instances(jobs: Jobs) -> None:
    jobs.put_all({f"in/{number}": b"x" for number in range(9)})
    outcome = jobs.run(TransformResources={"InstanceCount": 3})
    assert outcome.reason is None
    pids = [request["pid"] for request in outcome.requests]
    assert sorted(pids.count(pid) for pid in set(pids)) == [3, 3, 3]
    assert len(outcome.outputs) == 9


def test_instances_beyond_the_objects_stay_idle(jobs: Jobs) -> None:
    jobs.put_all({"in/a": b"x"})
    outcome = jobs.run(TransformResources={"InstanceCount": 2})
    assert (outcome.reason, outcome.outputs) == (None, {"a.out": b"x"})
    assert len(outcome.log) == 2


def test_one_refused_record_costs_its_file_and_the_others_go_on(jobs: Jobs) -> None:
    jobs.put_all({"in/bad": b"one\npoison\nthree\n", "in/good": LINES})
    outcome = jobs.run(
        stub={"fail": {"text": "poison", "status": 400}},
        TransformInput=source(jobs, SplitType="Line"),
        BatchStrategy="SingleRecord",
    )
    assert outcome.reason == f"ClientError: {SEE_LOGS}"
    assert set(outcome.outputs) == {"good.out"}
    assert any(line.endswith(f"{jobs.bucket}/in/bad: ClientError: 400") for line in outcome.log)
    assert any('{"error": "no"}' in line for line in outcome.log)


def test_refused_records_leave_the_others_their_turns(jobs: Jobs) -> None:
    """A reply may fail its object when the next record's turn has come and not begun."""
    bad = {f"in/bad-{number:02}": b"one\npoison\nthree\nfour\n" for number in range(30)}
    jobs.put_all(bad | {"in/good": LINES})
    outcome = jobs.run(
        stub={"fail": {"text": "poison", "status": 400}},
        TransformInput=source(jobs, SplitType="Line"),
        BatchStrategy="SingleRecord",
        MaxConcurrentTransforms=2,
        MaxPayloadInMB=1,
    )
    assert set(outcome.outputs) == {"good.out"}


def test_a_server_error_is_tried_again_as_often_as_the_job_allows(jobs: Jobs) -> None:
    jobs.put_all({"in/a": b"poison"})
    fail = {"text": "poison", "status": 503}
    outcome = jobs.run(
        stub={"fail": fail | {"times": 2}}, ModelClientConfig={"InvocationsMaxRetries": 2}
    )
    assert (outcome.reason, len(outcome.requests)) == (None, 3)
    outcome = jobs.run(stub={"fail": fail}, ModelClientConfig={"InvocationsMaxRetries": 0})
    assert (outcome.reason, len(outcome.requests)) == (f"AlgorithmError: {SEE_LOGS}", 4)


def test_an_answer_that_takes_too_long_is_no_answer(jobs: Jobs) -> None:
    jobs.put_all({"in/a": b"x"})
    outcome = jobs.run(
        stub={"shuffle": 1000},
        ModelClientConfig={"InvocationsTimeoutInSeconds": 1, "InvocationsMaxRetries": 0},
    )
    assert outcome.reason == f"AlgorithmError: {SEE_LOGS}"
    assert any("Unable to get response from algorithm" in line for line in outcome.log)


def test_a_file_larger_than_the_payload_limit_has_no_output(jobs: Jobs) -> None:
    jobs.put_all({"in/big": b"x" * 1_100_000, "in/small": b"x"})
    outcome = jobs.run(MaxPayloadInMB=1)
    assert outcome.reason == f"ClientError: {SEE_LOGS}"
    assert set(outcome.outputs) == {"small.out"}
    assert any("Too much data for max payload size" in line for line in outcome.log)


def test_a_torn_file_has_no_output_and_leaves_no_parts_of_an_upload(jobs: Jobs) -> None:
    record = tfrecord(b"x" * 1000)
    jobs.put_all({"in/torn": record * 3000 + record[:-2]})
    outcome = jobs.run(
        stub={"answer": "y" * 10_000},
        TransformInput=source(jobs, SplitType="TFRecord"),
        BatchStrategy="SingleRecord",
        MaxConcurrentTransforms=10,
    )
    assert outcome.reason == f"ClientError: {SEE_LOGS}"
    assert outcome.outputs == {}
    assert "Uploads" not in jobs.s3.list_multipart_uploads(Bucket=jobs.bucket)


def test_a_join_writes_each_record_with_its_result(jobs: Jobs) -> None:
    jobs.put_all({"in/a": b"id1,5\nid2,6\n"})
    outcome = jobs.run(
        TransformInput=source(jobs, SplitType="Line", ContentType="text/csv"),
        TransformOutput={"AssembleWith": "Line", "Accept": "text/csv"},
        DataProcessing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    )
    assert bodies(outcome) == ["5\n6\n"]
    assert outcome.outputs == {"a.out": b"id1,5\nid2,6\n"}


def test_data_processing_of_images_is_refused_with_the_formats_it_takes(jobs: Jobs) -> None:
    outcome = jobs.run(
        TransformInput=source(jobs, ContentType="image/jpeg"),
        DataProcessing={"JoinSource": "Input"},
    )
    assert outcome.reason is not None
    assert "one of text/csv, application/json and application/jsonlines" in outcome.reason


@pytest.mark.parametrize("stub", [{"exit_at_once": True}, {"exit_after": 2}])
def test_a_container_that_ends_fails_the_job_instead_of_hanging_it(
    jobs: Jobs, stub: dict[str, Any]
) -> None:
    jobs.put_all({f"in/{number}": b"x" for number in range(5)})
    outcome = jobs.run(stub=stub)
    assert outcome.reason == f"AlgorithmError: {SEE_LOGS}"
    assert any("the container ended with status" in line for line in outcome.log)


def test_ten_thousand_records_of_one_object_lose_nothing(jobs: Jobs) -> None:
    records = b"".join(b"%d\n" % number for number in range(10_000))
    jobs.put_all({"in/a": records})
    outcome = jobs.run(
        TransformInput=source(jobs, SplitType="Line"),
        TransformOutput={"AssembleWith": "Line"},
        BatchStrategy="SingleRecord",
        MaxConcurrentTransforms=64,
        MaxPayloadInMB=1,
    )
    assert outcome.outputs == {"a.out": records}


def test_data_capture_writes_manifests_of_inputs_and_outputs_by_the_hour(jobs: Jobs) -> None:
    jobs.put_all({"in/a": b"x", "in/b/c": b"y"})
    outcome = jobs.run(DataCaptureConfig={"DestinationS3Uri": f"s3://{jobs.bucket}/captured/"})
    assert outcome.reason is None
    listed = jobs.s3.list_objects_v2(Bucket=jobs.bucket, Prefix="captured/")["Contents"]
    keys = [entry["Key"] for entry in listed]
    manifests = [
        json.loads(jobs.s3.get_object(Bucket=jobs.bucket, Key=key)["Body"].read()) for key in keys
    ]
    assert manifests == [
        [{"prefix": f"s3://{jobs.bucket}/in/"}, "a", "b/c"],
        [{"prefix": f"s3://{jobs.bucket}/out/"}, "a.out", "b/c.out"],
    ]
    hour = re.compile(r"captured/(input|output)/\d{4}/\d\d/\d\d/\d\d/\S+\.json")
    assert [match[1] for match in map(hour.fullmatch, keys) if match] == ["input", "output"]


_ID = rb"[0-9a-f]{8}-[0-9a-f-]{27}"
_TIME = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
_IDS = rb'"SageMakerInferenceId": "' + _ID + rb'", "SageMakerInferenceTime": "' + _TIME + rb'"}'


@pytest.mark.parametrize(
    ("accept", "records", "expected"),
    [
        ("text/csv", b"0,x\n1,y\n", b"(0,x|1,y),ID,TIME\n"),
        ("application/jsonlines", b'{"a":1.10}\n{}\n7\n', b'({"a":1.10, |{|{"output": 7, )IDS\n'),
        ("application/json", b'{"a":[0.1]}\n', b'{"a":\\[0.1\\], IDS\n'),
        ("application/octet-stream", b"0,x\n1,y\n", b"0,x\n|1,y\n"),
    ],
)
@pytest.mark.parametrize("strategy", ["SingleRecord", "MultiRecord"])
def test_records_get_the_ids_that_model_monitor_joins_them_by(
    jobs: Jobs, accept: str, records: bytes, expected: bytes, strategy: str
) -> None:
    jobs.put_all({"in/a": records})
    is_single = strategy == "SingleRecord"
    outcome = jobs.run(
        TransformInput=source(jobs, SplitType="Line"),
        TransformOutput={"Accept": accept, "AssembleWith": "Line" if is_single else "None"},
        BatchStrategy=strategy,
        DataCaptureConfig={
            "DestinationS3Uri": f"s3://{jobs.bucket}/captured/",
            "GenerateInferenceId": True,
        },
    )
    assert outcome.reason is None
    lines = outcome.outputs["a.out"].splitlines(keepends=True)
    line = expected.replace(b"IDS", _IDS).replace(b"ID", _ID).replace(b"TIME", _TIME)
    assert len(lines) == len(records.splitlines())
    assert all(re.fullmatch(line, each) for each in lines), lines
    assert len({each.split(b"Id")[-1] for each in lines}) == len(lines)


def test_a_result_that_is_not_the_json_it_says_gets_no_id(jobs: Jobs) -> None:
    jobs.put_all({"in/a": b"{", "in/b": b"{}"})
    outcome = jobs.run(
        TransformOutput={"Accept": "application/json"},
        DataCaptureConfig={
            "DestinationS3Uri": f"s3://{jobs.bucket}/captured/",
            "GenerateInferenceId": True,
        },
    )
    assert list(outcome.outputs) == ["b.out"]
    assert any("GenerateInferenceId failed: not JSON" in line for line in outcome.log)


def test_outputs_carry_the_key_they_are_encrypted_with(jobs: Jobs) -> None:
    jobs.put_all({"in/a": b"x"})
    jobs.run(TransformOutput={"KmsKeyId": "alias/outputs"})
    head = jobs.s3.head_object(Bucket=jobs.bucket, Key="out/a.out")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/outputs")


def test_an_instances_cpu_and_memory_are_metrics_of_its_host(
    jobs: Jobs, session: boto3.Session, sandbox: Sandbox
) -> None:
    jobs.put_all({"in/a": b"x"})
    jobs.run()
    cloudwatch = session.client("cloudwatch", endpoint_url=sandbox.endpoint_url)
    found = cloudwatch.list_metrics(Namespace="/aws/sagemaker/TransformJobs")["Metrics"]
    own = [each for each in found if each["Dimensions"][0]["Value"].startswith(f"{jobs.name}/i-")]
    assert {each["MetricName"] for each in own} == {"CPUUtilization", "MemoryUtilization"}
    assert {each["Dimensions"][0]["Name"] for each in own} == {"Host"}
    cloudwatch.close()
