"""``tfbatch tune``: finds the fastest settings of a stage by trying them."""
