"""IAM roles and grants, shared security settings, and the acknowledged cdk-nag findings."""
