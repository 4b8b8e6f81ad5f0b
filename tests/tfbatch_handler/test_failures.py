"""Bad records cost a line each; outages are sat out, and then cost the request."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import falcon
import pytest

from tests.tfbatch_handler.serving import (
    REFUSED,
    Context,
    Model,
    StandIn,
    example,
    free_port,
    image_example,
    tfrecord,
)
from tfbatch_handler.failure import RecordError
from tfbatch_handler.handler import Handler
from tfbatch_handler.serving.trouble import Outage

if TYPE_CHECKING:
    import io
    from collections.abc import Callable
    from pathlib import Path

    from tests.tfbatch_handler.conftest import Service

    Serve = Callable[..., Service]

GOOD = tfrecord(image_example(b"good"))


def codes(lines: list[dict[str, dict[str, object]]]) -> list[object]:
    return [line["error"]["code"] if "error" in line else "ok" for line in lines]


def test_a_bad_record_costs_one_line_not_its_file(serve: Serve) -> None:
    flipped = bytearray(tfrecord(image_example(b"flipped")))
    flipped[20] ^= 1
    payload = b"".join(
        (
            GOOD,
            tfrecord(b"\xff\xff no example"),
            tfrecord(example(other=[1])),
            bytes(flipped),
            tfrecord(image_example(REFUSED)),
            GOOD,
        )
    )
    lines = serve().lines(payload, "application/x-tfrecord")
    assert codes(lines) == ["ok", *["InvalidRecord"] * 3, "Refused", "ok"]
    assert [line["error"]["record"] for line in lines if "error" in line] == [1, 2, 3, 4]
    assert lines[0] == lines[5] == serve().lines(b"good", "image/jpeg")[0]


def test_a_missing_feature_says_which_there_are(serve: Serve) -> None:
    line = serve().lines(example(label=[1], size=[2]), "application/x-tfexample")[0]
    assert (
        "'image/encoded' is missing (the tf.Example has: label, size)" in line["error"]["message"]
    )


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ({"image/encoded": [1.5]}, "is 1.5, which is not text, and the model takes string[?]"),
        ({"image/encoded": []}, "is an empty list"),
    ],
)
def test_a_feature_of_the_wrong_kind_is_named(
    serve: Serve, features: dict[str, list[float]], reason: str
) -> None:
    line = serve().lines(example(**features), "application/x-tfexample")[0]
    assert reason in line["error"]["message"]


@pytest.mark.parametrize("cut", [1, 5, 20, len(GOOD) - 1])
def test_a_torn_frame_ends_the_payload_and_says_how_many_bytes_were_left(
    serve: Serve, cut: int
) -> None:
    lines = serve().lines(GOOD + GOOD[:cut], "application/x-tfrecord")
    assert codes(lines) == ["ok", "TornFrame"]
    assert f"{cut} bytes were left from byte {len(GOOD)}" in lines[1]["error"]["message"]


def test_a_refused_batch_is_split_until_the_culprits_are_alone(serve: Serve) -> None:
    bad = {3, 4, 17}
    records = [image_example(REFUSED if n in bad else bytes(n + 1)) for n in range(32)]
    service = serve()
    lines = service.lines(b"".join(map(tfrecord, records)), "application/x-tfrecord")
    assert [n for n, code in enumerate(codes(lines)) if code == "Refused"] == sorted(bad)
    assert len(service.model.sizes) < 32


def test_a_bad_record_of_another_request_in_the_servers_batch_costs_this_one_nothing(
    serve: Serve,
) -> None:
    batching = {"SAGEMAKER_TFS_ENABLE_BATCHING": "true", "SAGEMAKER_TFS_MAX_BATCH_SIZE": "4"}
    service = serve(Model(merges=4), **batching)
    payload = b"".join(tfrecord(image_example(image)) for image in (b"abc", REFUSED, b"de"))
    good, bad, other = service.lines(payload, "application/x-tfrecord")
    assert good["predictions"][0]["classes"] == 3
    assert bad["error"]["code"] == "Refused"
    assert other["predictions"][0]["classes"] == 2
    assert max(service.model.sizes) == 4


def test_payloads_are_cut_to_the_servers_batch_size(serve: Serve) -> None:
    service = serve(Model(most=8), SAGEMAKER_TFS_ENABLE_BATCHING="true", TFBATCH_BATCH_SIZE="100")
    assert codes(service.lines(GOOD * 20, "application/x-tfrecord")) == ["ok"] * 20
    assert service.model.sizes == [8, 8, 4]


def test_a_server_with_smaller_batches_than_it_was_told_still_answers_all(serve: Serve) -> None:
    service = serve(Model(most=3))
    assert codes(service.lines(GOOD * 20, "application/x-tfrecord")) == ["ok"] * 20


def test_fail_turns_a_bad_record_into_a_failed_request(serve: Serve) -> None:
    service = serve(TFBATCH_ON_ERROR="fail")
    with pytest.raises(RecordError, match="record 1: Refused: Expected image"):
        service.lines(GOOD + tfrecord(image_example(REFUSED)), "application/x-tfrecord")


def test_failures_are_http_errors_where_the_container_passes_them_on(
    tmp_path: Path, body: Callable[[bytes], io.BytesIO]
) -> None:
    with StandIn(Model()) as server:
        handler = Handler(code=tmp_path, environment={"TFBATCH_ON_ERROR": "fail"})
        with pytest.raises(falcon.HTTPError) as info:
            handler(body(REFUSED), Context(server.uri, "image/jpeg"))
        handler.close()
    assert info.value.status == "400 Bad Request"
    assert "got unknown format" in str(info.value.description)


def test_a_short_outage_is_sat_out(serve: Serve) -> None:
    service = serve()
    assert codes(service.lines(b"1", "image/jpeg")) == ["ok"]
    service.model.away = 2
    assert codes(service.lines(b"1", "image/jpeg")) == ["ok"]


def test_a_long_outage_fails_the_request_in_time(serve: Serve) -> None:
    service = serve(TFBATCH_TIMEOUT_SECONDS="1")
    service.lines(b"1", "image/jpeg")
    service.model.away = 1000
    started = time.monotonic()
    with pytest.raises(Outage, match="HTTP 503: Servable not found"):
        service.lines(b"1", "image/jpeg")
    assert time.monotonic() - started < 1.5


def test_a_server_that_is_down_or_hangs_is_an_outage(
    tmp_path: Path, body: Callable[[bytes], io.BytesIO]
) -> None:
    handler = Handler(code=tmp_path, environment={"TFBATCH_TIMEOUT_SECONDS": "1"})
    uri = f"http://localhost:{free_port()}/v1/models/m:predict"
    with pytest.raises(falcon.HTTPError) as info:
        handler(body(b"1"), Context(uri, "image/jpeg"))
    assert info.value.status == "503 Service Unavailable"
    with StandIn(Model(latency=3)) as server:
        with pytest.raises(falcon.HTTPError) as info:
            handler(body(b"1"), Context(server.uri, "image/jpeg"))
        assert "timed out" in str(info.value.description)
    handler.close()


def test_connections_are_kept_and_a_closed_one_is_replaced(serve: Serve) -> None:
    service = serve()
    for _ in range(10):
        service.lines(b"1", "image/jpeg")
    assert service.model.connections == 1
    for model in service.handler._models.values():  # noqa: SLF001  as a server's idle time-out
        for connection in model.fleet.instances[0].server.idle:
            connection.shutdown(2)
    assert codes(service.lines(b"1", "image/jpeg")) == ["ok"]


def test_every_tensorflow_serving_is_used(
    tmp_path: Path, body: Callable[[bytes], io.BytesIO]
) -> None:
    with StandIn(Model(latency=0.01)) as first, StandIn(Model(latency=0.01)) as second:
        ports = f"{first.server_port},{second.server_port}"
        handler = Handler(code=tmp_path, environment={"TFS_REST_PORTS": ports})
        context = Context(first.uri, "image/jpeg")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: handler(body(b"1"), context), range(80)))
        handler.close()
        shares = len(first.model.sizes), len(second.model.sizes)
        assert sum(shares) == 80
        assert min(shares) >= 20  # about half, as long as the machine leaves both the time


def test_concurrent_requests_overlap(serve: Serve) -> None:
    service = serve(Model(latency=0.1))
    service.lines(b"1", "image/jpeg")
    started = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: service.lines(b"1", "image/jpeg"), range(16)))
    assert time.monotonic() - started < 0.8
