"""The monitoring of a stage: alarms, dashboard, job-age metrics and saved log queries."""
