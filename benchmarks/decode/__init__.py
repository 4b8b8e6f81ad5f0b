"""Decoding, cropping and resizing in the graph: processor time, and what scaling changes."""
