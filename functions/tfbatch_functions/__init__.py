"""The code of the Lambda functions. It is deployed alone and imports only boto3."""
