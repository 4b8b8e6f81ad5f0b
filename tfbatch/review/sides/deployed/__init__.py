"""Reads what is deployed: templates, and resources that were changed by hand."""
