"""Step Functions: JSONata, SDK integrations, and transform jobs that a state waits for."""
