"""The table of commands. To add a command, add an entry under its heading.

``tfbatch --help`` and shell completion read only this table. A command's module is imported when it
runs, and imports heavy packages (boto3, rich, TensorFlow) inside its functions.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """The place of a command, and its line in the menu."""

    target: str
    """``module:name`` of a ``click.Command``, relative to this package."""
    help: str
    """The first sentence of the command's help. A test checks that both are equal."""


COMMANDS: dict[str, dict[str, Entry]] = {
    "Runs": {
        "run": Entry("runs.run:run", "Predict every record of INPUT."),
        "watch": Entry("runs.watch:watch", "Follow an execution to its end."),
        "list": Entry("runs.list:list_", "List executions, the newest first."),
        "show": Entry("runs.show:show", "Show the state of an execution, or its result."),
        "stop": Entry("runs.stop:stop", "End an execution and its transform jobs."),
        "retry": Entry("runs.retry:retry", "Run only the exceptions of an execution again."),
    },
    "What came of them": {
        "results": Entry("runs.results:results", "Write what a run predicted as one table."),
        "report": Entry("runs.report:report", "Write a page that shows what came of a run."),
    },
    "Records": {
        "pack": Entry("records.pack:pack", "Pack photographs into TFRecord files."),
        "unpack": Entry("records.unpack:unpack", "Take the photographs out of TFRecord files."),
        "count": Entry("records.count:count", "Count the records of TFRecord files."),
        "verify": Entry("records.verify:verify", "Check every record of TFRecord files."),
    },
    "Models": {
        "predict": Entry("predict:predict", "Ask a stage's endpoint about files."),
        "export": Entry("export:export", "Export models that take encoded images."),
        "wrap": Entry(
            "wrap:wrap", "Make a model that takes encoded images of one that takes pixels."
        ),
        "model": Entry("model:model", "Pin models by lock files."),
        "inspect": Entry("inspect:inspect", "Say what a SavedModel takes and gives."),
        "tune": Entry("tune:tune", "Find the settings at which a stage predicts fastest."),
    },
    "Infrastructure": {
        "init": Entry("init:init", "Write a project of your own."),
        "doctor": Entry("doctor:doctor", "Check what a stage needs, and say what to do."),
        "prices": Entry(
            "prices:prices",
            "Read AWS's hourly prices into the table of estimates.",
        ),
        "review": Entry("review:review", "Say what a change of the infrastructure does."),
    },
    "This machine": {
        "sandbox": Entry("sandbox:sandbox", "Run AWS on this machine."),
        "demo": Entry("demo:demo", "Deploy into a sandbox and classify photographs in it."),
        "completion": Entry("completion:completion", "Print what makes a shell complete tfbatch."),
    },
}
"""Heading of the menu -> name -> entry."""

TABLE: dict[str, Entry] = {
    name: entry for group in COMMANDS.values() for name, entry in group.items()
}
"""Name -> entry."""
