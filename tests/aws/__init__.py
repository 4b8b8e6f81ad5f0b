"""What only AWS would tell, checked here: names of errors, requests, policies and expressions.

``make check-aws`` runs this folder, and the tests elsewhere that are marked ``aws``.
"""
