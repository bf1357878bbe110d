"""The migrations of tickets."""
