"""Extensions of EC2."""
