"""The rules that explain differences. A difference that none explains needs attention."""
