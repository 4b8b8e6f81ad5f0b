"""Writes a review as a page, a comment, a drawing or JSON."""
