"""Photos of tickets: received, kept, given to those who may see them, and swept when no ticket needs them.

What stands here is all that the rest of the feature uses. `pictures` makes a safe picture of whatever was sent.
"""

from mingxun.tickets.photos.attaching import attach_photos
from mingxun.tickets.photos.files import PhotoSize, files_of, folder_of
from mingxun.tickets.photos.pictures import MAX_BYTES
from mingxun.tickets.photos.receiving import receive_photo
from mingxun.tickets.photos.serving import photo_out, photo_url, read_photo
from mingxun.tickets.photos.sweeping import sweep_files, sweep_rows

__all__ = [
    "MAX_BYTES",
    "PhotoSize",
    "attach_photos",
    "files_of",
    "folder_of",
    "photo_out",
    "photo_url",
    "read_photo",
    "receive_photo",
    "sweep_files",
    "sweep_rows",
]
