"""``tfbatch prices``: reads AWS's hourly prices for Batch Transform into the repository."""
