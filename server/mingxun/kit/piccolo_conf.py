"""Where Piccolo's migrations find the engine."""

from mingxun.kit.database import ENGINE as DB

__all__ = ["DB"]
