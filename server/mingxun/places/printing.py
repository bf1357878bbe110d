"""From locations to paper and to the tablet: the codes they show, with the keys that hold now."""

from collections.abc import Sequence
from uuid import UUID

from mingxun.areas import load_area
from mingxun.kit.clock import Clock
from mingxun.kit.problems import NotFound
from mingxun.places.codes import GRACE, Signer, code_url, mint_poster, mint_rotating, step_at, step_start
from mingxun.places.posters import Neighbour, Poster, Sheet, set_posters
from mingxun.places.qr import qr_svg
from mingxun.places.rules import Location, beside
from mingxun.places.schemas import RotatingCode
from mingxun.places.service import all_locations


class PosterRun:
    """Everything that a file of posters needs, loaded; `pdf` then works without the database."""

    def __init__(
        self,
        neighbourhood: str,
        contact: str,
        everywhere: Sequence[Location],
        chosen: UUID | None,
        *,
        keys: Signer,
        public_url: str,
    ) -> None:
        self._neighbourhood = neighbourhood
        self._contact = contact or None
        self._everywhere = everywhere
        self._chosen = chosen
        self._keys = keys
        self._public_url = public_url

    def pdf(self) -> bytes:
        """One page a location. Blocks for about 0.03 s a page: call it in a thread."""
        posters = tuple(
            self._poster(index) for index, location in enumerate(self._everywhere) if self._chosen in (None, location.id)
        )
        return set_posters(Sheet(neighbourhood=self._neighbourhood, contact=self._contact, posters=posters))

    def _poster(self, index: int) -> Poster:
        location = self._everywhere[index]
        before, after = beside(self._everywhere, index)
        url = code_url(self._public_url, mint_poster(location.id, location.key_version, self._keys))
        return Poster(
            plate=location.plate,
            name=location.name,
            number=location.number,
            qr=qr_svg(url, quiet=0),  # the page itself is white for more than four modules around it
            previous=Neighbour(before.plate, before.name) if before else None,
            next=Neighbour(after.plate, after.name) if after else None,
        )


async def load_posters(neighbourhood: UUID, location: UUID | None, *, keys: Signer, public_url: str) -> PosterRun:
    """The posters of one location, or of all in the neighbourhood. The caller holds the transaction.

    Raises NotFound when the location is not there, or there is none at all.
    """
    area = await load_area(neighbourhood)
    everywhere = await all_locations(neighbourhood)
    if not any(location in (None, each.id) for each in everywhere):
        raise NotFound("There is no such location here." if location else "There is no location yet; add one first.")
    return PosterRun(area.name, area.phone, everywhere, location, keys=keys, public_url=public_url)


def rotating_code(location: Location, *, clock: Clock, keys: Signer, public_url: str) -> RotatingCode:
    """What the tablet at the post shows now. Re-keying the location ends it, too."""
    step = step_at(clock.now())
    url = code_url(public_url, mint_rotating(location.id, location.key_version, step, keys))
    following = step_start(step + 1)
    return RotatingCode(url=url, svg=qr_svg(url), valid_until=following + GRACE, next_at=following)
