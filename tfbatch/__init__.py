"""The ``tfbatch`` command.

A command is a module with a ``click.Command`` (small, in ``tfbatch.commands`` or in a package of
its own) and one entry in the table of ``tfbatch.commands``, all that ``--help`` reads. What
commands share:

- ``tfbatch.terminal.options``: ``@aws_options`` gives a command ``session`` (``--stage --region
  --profile --show-aws``), ``@json_option`` gives it ``output`` (``--json``).
- ``tfbatch.aws.session``: ``Session``; ``session.boto.client("s3")`` imports boto3 when
  it is needed.
- ``tfbatch.aws.deployed_outputs``: ``Deployed.find(session)`` is a stage's buckets
  and state machine, and   ``stack_outputs(session, "endpoint")`` what any of its stacks says.
- ``tfbatch.terminal.output``: ``Output``: ``emit`` documents for programs, ``say`` lines
  for people.
- ``tfbatch.terminal.problem``: raise ``Problem("what is wrong: what to do.")``; it,
  and whatever the AWS SDK   raises, ends the command with one line and no traceback.
- ``tfbatch.aws.calls``: ``Call`` is an API call that is made by boto3 or shown as
  the ``aws`` command   that makes it (``--show-aws``); ``aws_command`` writes any other.
- ``tfbatch.terminal.exit_codes``: what a command ends with; ``ctx.exit(exit_codes.ATTENTION)``.

docs/cli.md has every command and option. ``UPDATE_SNAPSHOTS=1 pytest
tests/tfbatch/commands/test_documentation.py`` writes it. Without the variable the test fails if
the page is outdated.
"""
