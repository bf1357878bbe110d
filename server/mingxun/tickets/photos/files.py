"""Where a photo's files are, and which of them there are."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID


class PhotoSize(StrEnum):
    """Which of the two files."""

    FULL = "full"
    """At most 1,600 pixels on the long side."""
    THUMBNAIL = "thumbnail"
    """At most 320."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where a photo's two files are."""

    full: Path
    thumbnail: Path


def folder_of(data_dir: Path) -> Path:
    """All photos of an installation."""
    return data_dir / "photos"


def files_of(data_dir: Path, photo: UUID) -> Files:
    """By the id's last two digits: its first are the time (UUID v7), and would put all in one folder."""
    folder = folder_of(data_dir) / photo.hex[-2:]
    return Files(folder / f"{photo}.jpg", folder / f"{photo}.thumb.jpg")
