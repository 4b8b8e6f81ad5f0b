"""``tfbatch review``: compares two versions of the infrastructure and reports risks and cost."""
