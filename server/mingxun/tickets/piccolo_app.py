"""Tells Piccolo of this feature's tables and migrations."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

APP_CONFIG = AppConfig(
    app_name="tickets",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=table_finder(["mingxun.tickets.tables"]),
)
