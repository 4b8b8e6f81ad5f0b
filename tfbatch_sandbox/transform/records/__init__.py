"""Objects to records, records to requests, and responses to output objects."""
