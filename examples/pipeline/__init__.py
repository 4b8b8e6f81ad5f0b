"""The app of ``examples/own_app``, deployed to two accounts by CDK Pipelines."""
