"""Hundreds of jobs, executions, shards and runs in one sandbox: what leaks, what is lost."""
