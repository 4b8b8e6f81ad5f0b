"""The VPC of a stage, its VPC endpoints and its flow log."""
