"""IAM: roles and policies as CloudFormation creates them."""
