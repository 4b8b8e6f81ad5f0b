"""The three examples of AWS's article on batch inference, run with this app."""
