"""``tfbatch init``: writes a project, and shows what a newer version would change in it."""
