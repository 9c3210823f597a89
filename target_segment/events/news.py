"""What the events read of one piece of news: they say what they need, the floor above says what it is."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from target_segment.identity import Who
from target_segment.snapshots import Customer, OrderSummary


class Entry(Protocol):
    """A row of the table of transitions, as far as an event needs it."""

    @property
    def name(self) -> str:
        """Its name in the table."""

    @property
    def event(self) -> str:
        """The event's name, unless a setting gives another."""

    @property
    def on(self) -> bool:
        """Whether it is told by default."""

    @property
    def identify(self) -> bool:
        """Whether it is an identify call."""


class News(Protocol):
    """A transition that is due and was not told."""

    @property
    def entry(self) -> Entry:
        """Its row of the table."""

    @property
    def message_id(self) -> str:
        """Segment's messageId."""

    @property
    def subject(self) -> str:
        """What it is about."""

    @property
    def at(self) -> datetime:
        """When it happened."""

    @property
    def user_id(self) -> str | None:
        """The userId, if one resolved."""

    @property
    def anonymous_id(self) -> str | None:
        """The anonymousId, if there is one."""

    @property
    def snapshot(self) -> Any:
        """The record that proves it."""

    @property
    def first(self) -> bool:
        """Whether nothing was told of this running total before."""

    @property
    def detail(self) -> Any:
        """The coupon or the line that it is about."""

    @property
    def increase(self) -> Decimal:
        """How much more was given back."""


def about(snapshot: Any) -> tuple[Who, OrderSummary | None]:
    """Return the customer and the order that a snapshot of any stream is about."""
    if isinstance(snapshot, Customer):
        return snapshot, None
    order = snapshot if isinstance(snapshot, OrderSummary) else snapshot.order
    return order.customer, order
