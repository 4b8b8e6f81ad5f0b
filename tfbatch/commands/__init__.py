"""The commands there are. A new one is one entry here, under the heading it belongs to.

The table is all that ``tfbatch --help`` and the shell's completion read: a command's module is
imported when that command runs, and what the module needs (boto3, rich, TensorFlow) it imports
inside its functions.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is, and its line in the menu."""

    target: str
    """``module:name`` of a ``click.Command``."""
    help: str
    """The first sentence of the command's own help; a test holds them together."""


COMMANDS: dict[str, dict[str, Entry]] = {
    "Runs": {
        "run": Entry("tfbatch.commands.run:run", "Predict every record of INPUT."),
        "watch": Entry("tfbatch.commands.watch:watch", "Follow an execution to its end."),
        "list": Entry("tfbatch.commands.list:list_", "List executions, the newest first."),
        "show": Entry(
            "tfbatch.commands.show:show", "Show how an execution stands, or what came of it."
        ),
        "stop": Entry("tfbatch.commands.stop:stop", "End an execution and its transform jobs."),
        "retry": Entry(
            "tfbatch.commands.retry:retry", "Run only the exceptions of an execution again."
        ),
    },
    "What came of them": {
        "results": Entry(
            "tfbatch.commands.results:results", "Write what a run predicted as one table."
        ),
        "report": Entry(
            "tfbatch.commands.report:report", "Write a page that shows what came of a run."
        ),
    },
    "Records": {
        "pack": Entry("tfbatch.commands.pack:pack", "Pack photographs into TFRecord files."),
        "unpack": Entry(
            "tfbatch.commands.unpack:unpack", "Take the photographs out of TFRecord files."
        ),
        "count": Entry("tfbatch.commands.count:count", "Count the records of TFRecord files."),
        "verify": Entry("tfbatch.commands.verify:verify", "Check every record of TFRecord files."),
    },
    "Models": {
        "predict": Entry("tfbatch.commands.predict:predict", "Ask a stage's endpoint about files."),
        "export": Entry(
            "tfbatch.commands.export:export", "Export models that take encoded images."
        ),
        "inspect": Entry(
            "tfbatch.commands.inspect:inspect", "Say what a SavedModel takes and gives."
        ),
        "tune": Entry(
            "tfbatch.commands.tune:tune", "Find the settings at which a stage predicts fastest."
        ),
    },
    "Infrastructure": {
        "doctor": Entry(
            "tfbatch.commands.doctor:doctor", "Check what a stage needs, and say what to do."
        ),
        "prices": Entry(
            "tfbatch.commands.prices:prices",
            "Read AWS's hourly prices into the table of estimates.",
        ),
        "review": Entry(
            "tfbatch.commands.review:review", "Say what a change of the infrastructure does."
        ),
    },
    "This machine": {
        "sandbox": Entry("tfbatch.commands.sandbox:sandbox", "Run AWS on this machine."),
        "demo": Entry(
            "tfbatch.commands.demo:demo", "Deploy into a sandbox and classify photographs in it."
        ),
        "completion": Entry(
            "tfbatch.commands.completion:completion", "Print what makes a shell complete tfbatch."
        ),
    },
}
"""Heading of the menu -> name -> entry."""

TABLE: dict[str, Entry] = {
    name: entry for group in COMMANDS.values() for name, entry in group.items()
}
"""Name -> entry."""
