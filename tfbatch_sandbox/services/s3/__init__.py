"""Amazon S3: bucket policies, bucket properties and limits of keys."""
