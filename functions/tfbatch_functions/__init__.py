"""What the Lambda functions share; shipped beside them and importing nothing of the rest."""
