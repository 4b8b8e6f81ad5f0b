"""State machines that look after a stage on a schedule, without functions or VPC endpoints."""
