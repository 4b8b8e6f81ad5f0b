"""The records per second of an instance: measured by runs and the tuner, or assumed."""
