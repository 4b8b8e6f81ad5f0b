"""Drift of stacks: resources that someone changed or deleted by hand."""
