"""``python -m tfbatch`` is ``tfbatch``."""

from tfbatch.cli import main

main()
