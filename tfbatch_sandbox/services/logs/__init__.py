"""Extensions of CloudWatch Logs."""
