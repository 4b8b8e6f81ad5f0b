"""``tfbatch demo``: the whole way, from photographs in a bucket to a table of what is in them."""
