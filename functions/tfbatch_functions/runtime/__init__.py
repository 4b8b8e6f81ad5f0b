"""What a Lambda invocation needs: its deadline, its log and its metrics."""
