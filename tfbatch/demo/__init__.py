"""``tfbatch demo``: deploys into a sandbox, classifies photographs and shows the result."""
