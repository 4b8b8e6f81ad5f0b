"""Reading protocol buffers without generated code."""
