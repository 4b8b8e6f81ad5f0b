"""The state machine: check the request, name the job, run it, report."""
