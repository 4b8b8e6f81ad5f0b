"""Finds the caller of an API call and checks the deployed IAM policies.

Everything that AWS runs as a role (state machines, functions, targets of rules, transform jobs)
calls with a session of that role, so the access key identifies the caller.
:mod:`~tfbatch_sandbox.authorization.policy_language` evaluates moto's policies for each call, and
the call is recorded.
"""
