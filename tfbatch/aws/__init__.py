"""AWS as the command uses it: sessions, API calls, stack outputs, executions and logs."""
