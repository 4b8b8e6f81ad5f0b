"""Networks that tfbatch doesn't know, and variants of any: exported, compared, refused."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from tfbatch.cli import cli
from tfbatch.export import custom, store
from tfbatch.export.variant import Variant
from tfbatch.terminal.problem import Problem
from tfbatch_handler import signature
from tfbatch_handler.outputs.top_k import top_k_of

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch.demo.photos import Photos
    from tfbatch.export.catalog import Recipe
    from tfbatch.export.store import Export

# TensorFlow's own, and Keras's under a mixed policy on a processor.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

IN_A_SESSION = """
import json, pathlib, sys
import numpy as np
from tfbatch_sandbox.model_server.tensorflow.servable import Servable

folder, *photos = map(pathlib.Path, sys.argv[1:])
images = np.array([photo.read_bytes() for photo in photos], object)
answers = {}
for model in folder.glob("[a-z]*"):
    servable = Servable(model / "1")
    found = servable.run(servable.signature(""), {"image_bytes": images})
    answers[model.name] = {name: value.tolist() for name, value in found.items()}
print(json.dumps(answers))
"""
VARIANTS = {
    "whole": Variant(),
    "best": Variant(top_k=2),
    "short": Variant(precision="mixed_bfloat16"),
    "compiled": Variant(xla=True),
}
LABELS = "a\nb\nc\nd\ne\n"


def recipe(function: str, **more: Any) -> Recipe:  # noqa: ANN401
    wanted = {"name": function, "pixels": "0..255", "labels": None} | more
    return custom.recipe(f"tests.tfbatch.export.networks:{function}", **wanted)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Export]]:
    """One network in all variants."""
    models = tmp_path_factory.mktemp("models")
    labels = tmp_path_factory.mktemp("labels") / "names"
    labels.write_text(LABELS)
    return models, {
        name: store.make(recipe("tiny", name=name, labels=labels), models=models, variant=variant)
        for name, variant in VARIANTS.items()
    }


@pytest.fixture(scope="module")
def answers(exports: tuple[Path, dict[str, Export]], collected: Photos) -> dict[str, Any]:
    """What each says of two photographs in a session, as in TensorFlow Serving."""
    photos = [str(collected.directory / "photos" / name) for name in collected.jpegs[:2]]
    command = [sys.executable, "-c", IN_A_SESSION, str(exports[0]), *photos]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_functions_network_is_served_from_encoded_photographs(
    exports: tuple[Path, dict[str, Export]], answers: dict[str, Any]
) -> None:
    models, made = exports
    assert [len(row) for row in answers["whole"]["probabilities"]] == [5, 5]
    assert (models / "whole" / "labels.txt").read_text() == LABELS
    assert made["whole"].comparison == ""
    assert made["whole"].weights == "of tests.tfbatch.export.networks:tiny"


def test_a_graph_chooses_the_likeliest_classes_and_the_handler_will_not_count_them_again(
    exports: tuple[Path, dict[str, Export]], answers: dict[str, Any]
) -> None:
    best = answers["best"]
    for scores, classes, chosen in zip(
        answers["whole"]["probabilities"], best["classes"], best["probabilities"], strict=True
    ):
        assert classes == sorted(range(5), key=lambda n: -scores[n])[:2]
        assert chosen == pytest.approx([scores[n] for n in classes])
    read = signature.read_saved_model(exports[0] / "best" / "1")
    with pytest.raises(signature.SignatureError, match="set the output to raw"):
        top_k_of(signature.servable(read), k=2, labels=())


@pytest.mark.parametrize("name", ["short", "compiled"])
def test_a_variant_is_held_to_the_networks_own_answers(
    exports: tuple[Path, dict[str, Export]], answers: dict[str, Any], name: str
) -> None:
    said = exports[1][name].comparison
    assert said.startswith("against float32 on 12 photographs: the same class for 12")
    for scores, exact in zip(
        answers[name]["probabilities"], answers["whole"]["probabilities"], strict=True
    ):
        assert scores == pytest.approx(exact, abs=0.03)


def test_a_variant_that_answers_otherwise_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"at most 0\.03 is accepted"):
        store.make(recipe("coarse"), models=tmp_path, variant=Variant(precision="mixed_float16"))
    assert not (tmp_path / "coarse").exists()


def test_an_export_is_another_when_its_function_or_variant_is(
    exports: tuple[Path, dict[str, Export]],
) -> None:
    models, _ = exports
    made = recipe("tiny", name="whole", labels=None)
    assert not store.find(made, models=models)  # its labels were others
    store.make(made, models=models)
    assert store.find(made, models=models)
    assert not store.find(made, models=models, variant=Variant(top_k=2))
    assert not store.find(recipe("coarse", name="whole"), models=models)
    assert not store.find(recipe("tiny", name="whole", pixels="0..1"), models=models)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["resnet"], "'resnet' is no architecture: use efficientnet-lite0, resnet50, or MODULE"),
        (["no.such.module:f"], "No module named 'no'"),
        (
            ["tests.tfbatch.export.networks:huge"],
            "it has coarse, no_model, tiny",
        ),
        (["tests.tfbatch.export.networks:tiny", "--name", "../x"], "use lower-case letters"),
        (["a:b", "c:d", "--name", "x"], "2 models can't have one name"),
    ],
)
def test_what_cant_be_exported_is_named_with_the_remedy(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(cli, ["export", *arguments])
    assert result.exit_code in {1, 2}
    assert message in " ".join(result.output.split())


def test_a_function_that_gives_no_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"returned str, not a keras\.Model"):
        store.make(recipe("no_model", name="none"), models=tmp_path)
