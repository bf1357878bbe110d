"""Mingxun 明巡 coordinates neighbourhood volunteers, from the roster to the repair."""

__version__ = "0.1.0"
