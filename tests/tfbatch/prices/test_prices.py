"""The price table refreshed: real clients, against a server that answers as AWS's do."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from tfbatch.cli import cli
from tfbatch_cdk.settings import Compute
from tfbatch_cdk.settings.prices import by_region

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD = {"us-east-1": {"read": "2026-01-01", "source": "by hand", "usd_per_hour": {"g5.xlarge": 9.0}}}


def _offer(name: str, sku: str, usd: str, **attributes: str) -> dict[str, Any]:
    """A product and its terms, as the Price List API gives them."""
    return {
        "product": {
            "productFamily": "ML Instance",
            "sku": sku,
            "attributes": {"regionCode": "eu-west-1", "instanceName": name} | attributes,
        },
        "serviceCode": "AmazonSageMaker",
        "terms": {
            "OnDemand": {
                "A.B": {
                    "priceDimensions": {
                        "A.B.C": {"unit": "Hrs", "pricePerUnit": {"USD": usd}, "beginRange": "0"}
                    },
                    "effectiveDate": "2026-11-01T00:00:00Z",
                }
            }
        },
    }


OFFERS = [
    _offer("ml.g5.xlarge", "T", "1.5700000000", component="Batch Transform"),
    _offer("ml.g5.xlarge", "H", "1.6", component="Hosting"),
    _offer(
        "",
        "O",
        "0.822",
        instanceType="ml.g4dn.xlarge-BatchTransform",
        platoinstancetype="BatchTransform",
    ),
    _offer("ml.p3.2xlarge", "F", "0.0000000000", component="Batch Transform"),
    _offer("ml.g6.xlarge", "U", "1.24", component="Batch Transform"),
]


class Answers(BaseHTTPRequestHandler):
    """AWS's price list: the API by POST, two offers a page; the offer files by GET."""

    server: PriceList

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(request)
        fields = {one["Field"]: one["Value"] for one in request["Filters"]}
        offers = OFFERS if fields["regionCode"] == "eu-west-1" else []
        start = int(request.get("NextToken", 0))
        page = [json.dumps(offer) for offer in offers[start : start + 2]]
        more = {"NextToken": str(start + 2)} if start + 2 < len(offers) else {}
        self._say({"FormatVersion": "aws_v1", "PriceList": self.server.broken or page} | more)

    def do_GET(self) -> None:
        regions = {"eu-west-1": {"regionCode": "eu-west-1", "currentVersionUrl": "/v7/eu.json"}}
        skus = {str(number): offer for number, offer in enumerate(OFFERS)}
        files = {
            "/offers/v1.0/aws/AmazonSageMaker/current/region_index.json": {"regions": regions},
            "/v7/eu.json": {
                "products": {sku: offer["product"] for sku, offer in skus.items()},
                "terms": {"OnDemand": {sku: one["terms"]["OnDemand"] for sku, one in skus.items()}},
            },
        }
        self._say(files[self.path])

    def _say(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""


class PriceList(ThreadingHTTPServer):
    """What was asked of it, and what it answers instead when told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.requests: list[dict[str, Any]] = []
        self.broken: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[PriceList]:
    with PriceList() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        for name in ("AWS_PROFILE", "HTTP_PROXY", "http_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(OLD))
    return file


def _prices(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["prices", "--file", str(file), *arguments])


EXPECTED = {"g4dn.xlarge": 0.822, "g5.xlarge": 1.57, "g6.xlarge": 1.24}


def test_the_api_is_asked_page_by_page_and_other_regions_stay(aws: PriceList, file: Path) -> None:
    done = _prices(file, "--region", "eu-west-1")
    assert done.exit_code == 0, done.output
    assert "eu-west-1: 3 instance types" in done.output
    table = json.loads(file.read_text())
    assert table["eu-west-1"]["usd_per_hour"] == EXPECTED
    assert "Price List API" in table["eu-west-1"]["source"]
    assert table["us-east-1"] == OLD["us-east-1"]
    assert len(aws.requests) == 3
    assert {one["ServiceCode"] for one in aws.requests} == {"AmazonSageMaker"}


def test_the_public_files_need_no_credentials(
    aws: PriceList, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    done = _prices(file, "--region", "eu-west-1", "--source", "files", "--url", aws.url, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["eu-west-1"]["usd_per_hour"] == EXPECTED
    assert json.loads(file.read_text())["eu-west-1"]["usd_per_hour"] == EXPECTED


@pytest.mark.parametrize("source", ["api", "files"])
def test_a_region_without_batch_transform_changes_nothing(
    aws: PriceList, file: Path, source: str
) -> None:
    more = ("--url", aws.url) if source == "files" else ()
    done = _prices(file, "--region", "eu-west-1", "--region", "mars-1", "--source", source, *more)
    assert done.exit_code == 1
    assert "--region mars-1: AWS lists no Batch Transform instances there." in done.output
    assert json.loads(file.read_text()) == OLD


def test_an_answer_of_another_form_changes_nothing(aws: PriceList, file: Path) -> None:
    aws.broken = ['{"product": {"attributes": {}}}']
    done = _prices(file, "--region", "eu-west-1")
    assert done.exit_code == 1
    assert "in a form that is not known (KeyError('terms'))" in done.output
    assert json.loads(file.read_text()) == OLD


def test_without_a_network_the_error_says_what_to_do(file: Path) -> None:
    done = _prices(file, "--source", "files", "--url", "http://127.0.0.1:1")
    assert done.exit_code == 1
    assert "can't be read" in done.output
    assert "--source api" in done.output


def test_without_credentials_the_error_says_what_to_do(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    done = _prices(file)
    assert done.exit_code == 1
    assert "There are no AWS credentials" in done.output


def test_a_stage_has_its_own_regions_prices_and_those_that_stand_in() -> None:
    compute = Compute(instance_types=("g5.xlarge", "g6.xlarge"), usd_per_hour={"g6.xlarge": 0.5})
    found = by_region(compute, region="mars-1")
    assert set(found) == {"us-east-1"}
    assert found["us-east-1"]["ml.g6.xlarge"] == {"usd": 0.5, "of": "settings"}
    assert found["us-east-1"]["ml.g5.xlarge"]["usd"] > 0
