"""What is uploaded is cut off once it is too large for anything we take.

The rest of a file that is too large anyway is read and thrown away, so that neither disk nor memory
fills up; what is left of it is still too large, and the form says so beside its field.
"""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler

from senders import documents

# Of one file, and of all files of one request: as many as may be sent, and one too many.
LARGEST = documents.LARGEST + 1
LARGEST_TOGETHER = (documents.MOST_FILES + 1) * LARGEST


class CutOffHandler(FileUploadHandler):
    """Stands before the handlers that keep files, and lets only the beginning through to them."""

    def __init__(self, request: Any = None) -> None:
        """Count from the first file on; there is a handler for each request."""
        super().__init__(request)
        self._together = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Pass on what may still be of use."""
        room = min(LARGEST - start, LARGEST_TOGETHER - self._together)
        if room <= 0:
            return None
        self._together += min(len(raw_data), room)
        return raw_data[:room]

    def file_complete(self, file_size: int) -> None:
        """Leave it to the handlers behind to give the file."""
