"""``tfbatch model``: pins models by locks, and fetches the files of locked models."""
