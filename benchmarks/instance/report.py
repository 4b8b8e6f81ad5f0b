"""The tables of an instance, for the terminal and for docs/benchmarks.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import document
from benchmarks.document import machine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.instance.parts import Model, Way

_VCPUS = (4, 8, 16, 48)
_GPUS = {
    "T4, FP32": ("g4dn", 394),
    "T4, mixed precision": ("g4dn", 996),
    "V100, FP32, batches of 16": ("p3", 1003),
    "A100, TF32 with XLA": ("p4d", 2549),
    "V100, mixed precision": ("p3", 2771),
}
"""Images a second in inference, published: see ``_METHOD``."""
_LINKS = {"10 Gbit/s": 10e9, "25 Gbit/s": 25e9}
_BITS = 8 * 100_000

_METHOD = """## An instance

`make bench-instance`. Processor time per record by part, for photographs of about 100 KB, measured
here: what the container's Python takes (the floor reads and answers a constant; the handler answers
top-k), and in the model server base64 (TensorFlow's operation) or the gRPC message (protobuf's
parser), the graph's decoding at 1024 x 768, and ResNet-50 itself without a GPU. Not measured,
because they aren't at hand: nginx, TensorFlow Serving's JSON and HTTP layers, the kernel's network,
any GPU."""
_ARITHMETIC = """Everything below is arithmetic, no measurement: the number of vCPUs divided by the
time of a record, as if every vCPU were one of this machine's and nothing else ran. A plan that has
no measured rate (`tfbatch_functions/throughput/assumed.py`) is more careful: two vCPUs of an
instance are one core."""
_PUBLISHED = """GPU rates are published ones of ResNet-50 v1.5 (NVIDIA/DeepLearningExamples,
`TensorFlow/Classification/ConvNets/resnet50v1.5`), without decoding. The last columns are the vCPUs
that feed such a GPU. Where an instance has fewer, a faster GPU is wasted on photographs."""
_ARTICLE = """AWS's article did 69 photographs a second on an instance from JPEG objects and 104
from TFRecord files, on ml.p3.2xlarge (8 vCPUs, one V100). By the figures above its GPU could do
1,003 (FP32), its 8 vCPUs could decode {decoded:,.0f}, and its handler, in one process, could pass
{handler:,.0f}. That leaves waiting as the limit, by inference and not by measurement: one
photograph a request, a new connection for each, and batches that waited up to 50 ms."""


def tables(ways: Sequence[Way], model: Model, *, article: float) -> str:
    """All tables.

    Args:
        ways: the ways of records to the model.
        model: what the model server takes.
        article: microseconds of the article's handler.
    """
    return "\n\n".join(
        (
            f"Measured on {machine()}.",
            "\n".join(_parts(ways, model)),
            _ARITHMETIC,
            "\n".join(_fed(ways, model)),
            _PUBLISHED,
            "\n".join(_gpus(ways, model)),
            _network(),
            _ARTICLE.format(decoded=8e6 / model.before, handler=1e6 / article),
        )
    )


def total(way: Way, model: Model, decoding: float) -> float:
    """Microseconds of a record."""
    return way.handler + model.base64 + decoding


def _parts(ways: Sequence[Way], model: Model) -> list[str]:
    lines = ["| µs per record | gunicorn's floor | with the handler | base64 | gRPC message |"]
    lines[-1] += " all pixels | `--decode exact` | `--decode scaled` | network |"
    lines += [f"| --- |{' ---: |' * 8}"]
    rest = (
        *(model.base64, model.message, model.before, model.exact, model.scaled),
        model.network,
    )
    for way in ways:
        cells = [f"{value:,.0f}" for value in (way.floor, way.handler, *rest)]
        lines.append(f"| {way.name} | {' | '.join(cells)} |")
    return lines


def _fed(ways: Sequence[Way], model: Model) -> list[str]:
    names = [f"{count} vCPUs" for count in _VCPUS]
    lines = [f"| records/s | decoding | {' | '.join(names)} |"]
    lines += [f"| --- | --- |{' ---: |' * len(_VCPUS)}"]
    for way in ways:
        for decoding in ("exact", "scaled"):
            each = total(way, model, getattr(model, decoding))
            cells = [f"{count * 1e6 / each:,.0f}" for count in _VCPUS]
            lines.append(f"| {way.name} | {decoding} | {' | '.join(cells)} |")
    return lines


def _gpus(ways: Sequence[Way], model: Model) -> list[str]:
    columns = [(way, decoding) for way in (ways[0], ways[-1]) for decoding in ("exact", "scaled")]
    names = [f"{way.name}, {decoding}" for way, decoding in columns]
    lines = [f"| GPU | family | images/s, published | measured here | {' | '.join(names)} |"]
    lines += [f"| --- | --- | ---: | --- |{' ---: |' * len(columns)}"]
    for name, (family, rate) in _GPUS.items():
        cells = [
            f"{rate * total(way, model, getattr(model, how)) / 1e6:.1f}" for way, how in columns
        ]
        lines.append(f"| {name} | {family} | {rate:,} | - | {' | '.join(cells)} |")
    return lines


def _network() -> str:
    words = [f"{name}: {bits / _BITS:,.0f}" for name, bits in _LINKS.items()]
    return f"Photographs a second that a network carries, by its bits alone: {'; '.join(words)}."


def write(section: str) -> None:
    """Write the section of docs/benchmarks.md."""
    document.write("instance", f"{_METHOD}\n\n{section}")
