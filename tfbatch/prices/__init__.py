"""``tfbatch prices``: what AWS asks for an hour of Batch Transform, written into the repository."""
