"""Who calls the sandbox, and whether the policies that are deployed in it let them.

Every actor that AWS runs as a role (state machine, function, target of a rule, transform job) calls
with a session of that role, so the access key says who calls. Each call is authorized as
:mod:`~tfbatch_sandbox.authorization.policy_language` evaluates the policies that moto keeps, and
recorded.
"""
