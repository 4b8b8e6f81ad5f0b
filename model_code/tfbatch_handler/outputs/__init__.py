"""What an output line contains, and how the lines of a response are joined."""
