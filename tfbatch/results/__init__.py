"""What a run predicted, record by record, as one table."""
