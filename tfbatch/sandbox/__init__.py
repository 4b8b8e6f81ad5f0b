"""The sandbox that runs in the background."""
