"""QR codes as SVG, for paper and for the tablet at a post."""

import qrcode
from qrcode.constants import ERROR_CORRECT_Q

QUIET = 4
"""Empty modules around the code, as the standard (ISO/IEC 18004) asks."""


def qr_svg(text: str, *, quiet: int = QUIET) -> str:
    """Draw `text` as a QR code in one SVG path, dark on white, one unit a module.

    Error correction Q: a quarter of it may be torn, wet or sprayed over.
    """
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=quiet)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    size = len(rows)
    path = "".join(_runs(y, row) for y, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/><path fill="#191e1a" d="{path}"/></svg>'
    )


def _runs(y: int, row: list[bool]) -> str:
    """One row's dark modules, neighbours joined, so that no hairline shows between them."""
    path, x = "", 0
    while x < len(row):
        start = x
        while x < len(row) and row[x]:
            x += 1
        if x > start:
            path += f"M{start} {y}h{x - start}v1h-{x - start}z"
        x += 1
    return path
