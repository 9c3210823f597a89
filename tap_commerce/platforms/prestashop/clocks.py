"""The shop's wall clock: PrestaShop writes times without an offset, as clocks in the shop's time zone showed them.

An hour that clocks show twice may be either; so what is asked for is always wide enough, and no row that could lie in a
window is dropped. Nothing here ever raises because of a clock that was put forward or back.
"""

from datetime import UTC, datetime, timedelta

import pendulum

from tap_commerce.errors import Misconfigured
from tap_commerce.platforms import Window

AROUND = timedelta(hours=3)
"""No clock is put back by more than this."""

SECOND = timedelta(seconds=1)


class Clocks:
    """The clocks of one time zone."""

    def __init__(self, zone: str) -> None:
        try:
            # A zone as `datetime` takes it; pendulum's own instants would cost too much for every row.
            self._zone = pendulum.timezone(zone)
        except (ValueError, OSError):
            raise Misconfigured(
                f"timezone: {zone!r} is no time zone; set one such as Europe/Paris, as in the shop's International > Localization"
            ) from None

    def utc(self, shown: datetime) -> datetime:
        """Read what clocks showed; of an hour that they showed twice, the first."""
        return shown.replace(tzinfo=self._zone, fold=0).astimezone(UTC)

    def earliest(self, shown: datetime) -> datetime:
        """Return the earliest instant that may be meant."""
        return min(self._either(shown))

    def latest(self, shown: datetime) -> datetime:
        """Return the latest instant that may be meant."""
        return max(self._either(shown))

    def changed(self, shown: datetime, read_at: datetime | None) -> datetime:
        """Read when something last changed, as it was read at an instant: of an hour shown twice the second, once that can be.

        So what changes again within that hour is never dated before what was read of it, and taken for stale.
        """
        late = self.latest(shown)
        return late if read_at is not None and late <= read_at else self.utc(shown)

    def shown(self, instant: datetime) -> datetime:
        """Return what clocks show at an instant."""
        return instant.astimezone(self._zone).replace(tzinfo=None, fold=0)

    def span(self, window: Window) -> tuple[datetime, datetime]:
        """Return the first and the last second that clocks can have shown within a window.

        Clocks that are put back soon after its start show less than at its start; clocks that were put back shortly before
        its end showed more than at its end.
        """
        first = min(self._shown_by(window.start, at) for at in (window.start, window.start + AROUND))
        last = max(self._shown_by(window.end, at) for at in (window.end, window.end - AROUND))
        return first, last - SECOND

    def may_lie_in(self, window: Window, shown: datetime) -> bool:
        """Say whether what clocks showed may have been within a window."""
        return self.earliest(shown) < window.end and self.latest(shown) >= window.start

    def _either(self, shown: datetime) -> tuple[datetime, datetime]:
        aware = shown.replace(tzinfo=self._zone)
        return aware.replace(fold=0).astimezone(UTC), aware.replace(fold=1).astimezone(UTC)

    def _shown_by(self, instant: datetime, at: datetime) -> datetime:
        """Return what clocks would show at an instant if they went as they do `at` another."""
        offset = at.astimezone(self._zone).utcoffset() or timedelta()
        return (instant.astimezone(UTC) + offset).replace(tzinfo=None)
