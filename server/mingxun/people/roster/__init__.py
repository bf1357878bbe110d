"""Taking in a roster as a neighbourhood office keeps it: read, understand, show what would happen, and do it all at once."""
