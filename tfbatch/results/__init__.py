"""``tfbatch results``: the predictions of a run as one table, a row for each record."""
