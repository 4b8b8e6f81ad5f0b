"""What the sandbox is measured against; each a program that prints one line of JSON."""
