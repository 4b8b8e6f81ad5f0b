"""The S3 buckets and the KMS key of a stage."""
