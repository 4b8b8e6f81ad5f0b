"""IAM roles and grants, and the nag findings that this app acknowledges."""
