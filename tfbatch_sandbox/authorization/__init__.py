"""Finds the caller of an API call and checks the deployed IAM policies.

Every actor that AWS runs as a role (state machine, function, target of a rule, transform job) calls
with a session of that role, so the access key says who calls. Each call is authorized as
:mod:`~tfbatch_sandbox.authorization.policy_language` evaluates the policies that moto keeps, and
recorded.
"""
