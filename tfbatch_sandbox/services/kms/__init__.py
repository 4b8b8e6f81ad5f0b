"""Extensions of KMS."""
