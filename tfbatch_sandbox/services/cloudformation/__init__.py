"""CloudFormation: stacks, change sets, and resource types that moto lacks."""
