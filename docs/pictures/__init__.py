"""Makes the pictures of the terminal that the documentation shows."""
