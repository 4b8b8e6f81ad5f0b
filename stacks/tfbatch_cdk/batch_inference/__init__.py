"""The constructs that other CDK apps use: data, inference, endpoint, and all three in one."""
