"""Options, output, progress, errors and exit codes of the command line."""
