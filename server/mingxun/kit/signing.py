"""The installation's keys: made once, readable by their owner only."""

import base64
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

_SECRET = "secret.key"
_VAPID = "vapid.pem"


_OF_A_DATABASE = ("postgres/PG_VERSION", "migrated")
"""What stands in a data directory once it has a database, its own or another's."""


class BrokenKey(Exception):
    """A key file is missing, damaged or readable by others. The text says how to mend it."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one installation."""

    secret: bytes
    """32 random bytes; every MAC is derived from it."""
    vapid_private_pem: bytes
    """P-256, PKCS #8, for RFC 8292."""

    def mac(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA256 (32 bytes) of `data`, under a key of its own for each purpose."""
        key = hmac.digest(self.secret, b"mingxun " + purpose.encode(), hashlib.sha256)
        return hmac.digest(key, data, hashlib.sha256)

    @property
    def vapid_public(self) -> str:
        """The public key as browsers take it: the uncompressed point, base64url without padding."""
        key = serialization.load_pem_private_key(self.vapid_private_pem, password=None)
        point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def load_or_make(data_dir: Path, *, anew: bool = False) -> Keys:
    """The keys in `data_dir`/keys; of a new installation they are made.

    Two processes that start at once agree: each file is linked into place, and the first one stays. Raises BrokenKey when a file is
    there but can't be used, or when others can read it; also when one is missing although the installation has a database: making a
    new one would silently kill every poster and subscription. With `anew`, whoever runs it has said that it is lost for good.
    """
    folder = data_dir / "keys"
    lost = [name for name in (_SECRET, _VAPID) if not (folder / name).exists()]
    if lost and not anew and any((data_dir / sign).exists() for sign in _OF_A_DATABASE):
        raise BrokenKey(
            f"{' and '.join(str(folder / name) for name in lost)} is missing, though this installation has run before: "
            f"put it back from a backup. If it is lost for good: mingxun make-keys --data {data_dir}   "
            "(all posters must then be printed anew, and phones switch notifications on again)"
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = _read_or_make(folder / _SECRET, lambda: secrets.token_bytes(32))
    if len(secret) != 32:
        raise BrokenKey(f"{folder / _SECRET} has {len(secret)} bytes instead of 32: put it back from a backup.")
    pem = _read_or_make(folder / _VAPID, _new_vapid)
    try:
        serialization.load_pem_private_key(pem, password=None)
    except ValueError as error:
        raise BrokenKey(f"{folder / _VAPID} is not a private key: put it back from a backup.") from error
    return Keys(secret=secret, vapid_private_pem=pem)


def _new_vapid() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077 and os.name != "nt":
        raise BrokenKey(f"{path} can be read by others (mode {mode:o}). Mend it: chmod 600 {path}")
    return path.read_bytes()
