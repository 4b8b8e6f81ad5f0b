"""``tfbatch export``: writes networks with their weights as SavedModels for encoded images."""
