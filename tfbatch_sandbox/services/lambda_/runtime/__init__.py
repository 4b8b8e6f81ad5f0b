"""What runs a Lambda function's code inside its own process: one file per language."""
