"""The sandbox against bare loops over the same SavedModel and files, and its memory."""
