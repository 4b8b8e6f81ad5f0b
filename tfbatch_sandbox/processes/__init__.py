"""Starting, forking and supervising child processes."""
