"""Posts a review to the pull request of the CI job that one is in: GitHub, GitLab, Bitbucket.

It runs where a token is, so it imports nothing but Python's standard library, and reads the
review's folder as text and numbers: that text comes from the pull request.
"""
