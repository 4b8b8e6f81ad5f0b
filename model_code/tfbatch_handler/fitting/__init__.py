"""Fits a record's values to the model's inputs. One rule for every format."""
