"""Who an event is about: one pure function from what the shop says of a customer to Segment's two ids.

Nothing here is drawn: the same guest gets the same anonymousId for ever, and what is no id never becomes one.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import md5, sha1, sha256
from typing import Any
from uuid import UUID

from msgspec import Struct, UnsetType

from target_segment.errors import Misconfigured
from target_segment.settings import Setting
from target_segment.snapshots import (
    Attribute,
    Customer,
    CustomerKeys,
    CustomerSummary,
    OrderKeys,
    OrderSummary,
)

LONG_ID = 8
"""From so many characters on an id is nobody else's number, wherever it stands; an e-mail never is."""

STRATEGIES = ("customer_id", "email", "email_md5", "email_sha256", "metafield", "attribute", "none")

IDENTITY: tuple[Setting, ...] = (
    Setting(
        name="user_id",
        kind="string",
        default="customer_id",
        choices=STRATEGIES,
        about="What becomes the userId: the shop's customer id; the e-mail (trimmed, in lower case) as it is, or its MD5 or "
        "SHA-256 in hex; a customer's metafield or an order's attribute (named by `user_id_field`); or none.",
    ),
    Setting(
        name="user_id_field",
        kind="string",
        about="With `user_id` = metafield the name of the customer's metafield or field, as the tap was told to read it (`namespace.key` on "
        "Shopify); with attribute the name of the order's attribute.",
    ),
    Setting(
        name="anonymous_id_attribute",
        kind="string",
        about="The order attribute in which the storefront keeps Segment's anonymousId. Without it a guest's is derived from "
        "shop and e-mail, else from shop and order.",
    ),
    Setting(
        name="alias",
        kind="boolean",
        default=False,
        about="Whether an alias call goes along when a guest's order gets a customer, for destinations that merge ids by it (Kissmetrics, "
        "Mixpanel's original identity merge, Vero).",
    ),
)


class Identity(Struct, frozen=True, array_like=True, gc=False):
    """The two ids of a Segment call; both are None where the shop says nothing that could be one."""

    user_id: str | None
    anonymous_id: str | None

    @property
    def person(self) -> str | None:
        """The Segment identity: the userId, else the anonymousId."""
        return self.user_id or self.anonymous_id


Who = CustomerSummary | UnsetType | None
Whom = Who | CustomerKeys
Which = OrderSummary | OrderKeys | None
Resolve = Callable[[str, str, Whom, Which], Identity]


def resolver(settings: Mapping[str, Any]) -> Resolve:
    """Return the function from platform, shop, customer and order to an `Identity`, as the settings say.

    Customers of the customers stream are resolved by the same function, with `order=None`. Raise `Misconfigured` where
    `user_id` needs a `user_id_field` that is missing.
    """
    user_id = _user_id(settings)
    attribute = settings.get("anonymous_id_attribute") or None

    def resolve(platform: str, shop: str, customer: Whom, order: Which) -> Identity:
        user = user_id(customer, order)
        given = _attribute(order.attributes, attribute) if attribute and order is not None else None
        if user or given:
            return Identity(user, given)
        if email := _email_of(customer, order):
            return Identity(None, derived(platform, shop, "email", email))
        if customer_id := customer_id_of(customer):
            return Identity(None, derived(platform, shop, "customer", customer_id))
        if order is not None:
            return Identity(None, derived(platform, shop, "order", order.id))
        if isinstance(customer, Customer) and (guest := real_id(customer.id)):
            return Identity(None, derived(platform, shop, "customer", guest))
        return Identity(None, None)

    return resolve


NAMESPACE = UUID("b1f3a3a0-6d0c-5b8e-9a55-0c1f4d2f6e77")
"""Of every derived anonymousId: changing it would give each guest a second profile."""


def derived(platform: str, shop: str, kind: str, value: str) -> str:
    r"""Return the UUIDv5 of platform, shop, kind and value, joined by line feeds: of "shopify\nmy-shop\nemail\na@example.com"."""
    return _derived(f"{platform}\n{shop}\n{kind}\n{value}")


def uuid5(namespace: UUID) -> Callable[[str], str]:
    """Return the function from a name to its UUIDv5 in a namespace, as `uuid.uuid5` makes it, at a third of its cost.

    >>> import uuid
    >>> uuid5(NAMESPACE)("told") == str(uuid.uuid5(NAMESPACE, "told"))
    True
    """
    begun = sha1(namespace.bytes, usedforsecurity=False)

    def named(name: str) -> str:
        whole = begun.copy()
        whole.update(name.encode())
        digits = whole.hexdigest()
        variant = "89ab"[int(digits[16], 16) & 3]
        return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"

    return named


_derived = uuid5(NAMESPACE)


def escaped(part: str) -> str:
    r"""Return an id as it stands in a key of several, which a colon keeps apart.

    >>> ":".join(map(escaped, ["a:b", "c"]))
    'a\\:b:c'
    """
    return part.replace("\\", "\\\\").replace(":", "\\:")


# https://segment.com/docs/unify/identity-resolution/identity-resolution-settings/ suggests blocking most of these:
# one of them as an id would merge strangers into one profile.
_JUNK = re.compile(
    r"[0-]*|-1|null|nil|none|nan|n/a|undefined|anonymous|void|unknown|guest|true|false|\[object object\]|\*+",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"(anonymous|anonymi[sz]ed|null|nil|none|undefined|void|unknown|no[-_.]?(reply|e?mail|address))[-_.]?\d*",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^@\s*]+@[^@\s*.]+(\.[^@\s*.]+)+")


# One order names its customer several times over, and a customer orders again.
@lru_cache(maxsize=1 << 7)
def real_id(value: str | UnsetType | None) -> str | None:
    """Return the id without the blanks around it, or None if it is none: empty, 0, -1, null and the like.

    >>> real_id(" 544365967 "), real_id("0"), real_id("null"), real_id("000-00")
    ('544365967', None, None, None)
    """
    if not value:
        return None
    value = value.strip()
    return None if _JUNK.fullmatch(value) else value


@lru_cache(maxsize=1 << 7)
def real_email(value: str | UnsetType | None) -> str | None:
    """Return the e-mail without the blanks around it, or None if nobody reads it: anonymised, a placeholder, no address.

    >>> real_email(" Anna@Example.com"), real_email("*"), real_email("a***@example.com"), real_email("none@none.com")
    ('Anna@Example.com', None, None, None)
    """
    if not value:
        return None
    value = value.strip()
    if not _EMAIL.fullmatch(value) or len(value) > 254:
        return None
    local, _, host = value.partition("@")
    # RFC 2606 sets .invalid aside; the GDPR module of PrestaShop writes anonymous@psgdpr.com.
    return None if _NOBODY.fullmatch(local) or host.lower().endswith(".invalid") else value


def customer_id_of(customer: Whom) -> str | None:
    """Return the shop's id of an account, or None for a guest, also where the platform keeps guests as customers."""
    if not customer or (isinstance(customer, Customer) and customer.is_guest is True):
        return None
    return real_id(customer.id)


def email_of(customer: Whom, order: Which) -> str | None:
    """Return the customer's real e-mail, else the one given with the order, as the shop writes it."""
    return (real_email(customer.email) if customer else None) or (
        real_email(order.email) if order is not None else None
    )


def _email_of(customer: Whom, order: Which) -> str | None:
    email = email_of(customer, order)
    return email.lower() if email else None


def _attribute(attributes: list[Attribute] | UnsetType | None, name: str) -> str | None:
    """Return the value of the first attribute of that name which can be an id."""
    for attribute in attributes or ():
        if attribute.name == name and (value := real_id(attribute.value)):
            return value
    return None


def about(snapshot: Any) -> tuple[Who, OrderSummary | None]:
    """Return the customer and the order that a snapshot of any stream is about."""
    if isinstance(snapshot, Customer):
        return snapshot, None
    order = snapshot if isinstance(snapshot, OrderSummary) else snapshot.order
    return order.customer, order


UserId = Callable[[Whom, Which], str | None]


def _user_id(settings: Mapping[str, Any]) -> UserId:
    """Return the function that `user_id` names."""
    strategy = settings.get("user_id") or "customer_id"
    field = settings.get("user_id_field") or ""
    if strategy in ("metafield", "attribute") and not field:
        raise Misconfigured(
            f"setting `user_id_field` is missing: `user_id` = {strategy} needs the {strategy}'s name"
        )
    strategies: dict[str, UserId] = {
        "customer_id": lambda customer, _: customer_id_of(customer),
        "email": _email_of,
        "email_md5": _hashed(lambda email: md5(email, usedforsecurity=False).hexdigest()),
        "email_sha256": _hashed(lambda email: sha256(email, usedforsecurity=False).hexdigest()),
        "metafield": lambda customer, _: _attribute(customer.metafields, field) if customer else None,
        "attribute": lambda _, order: _attribute(order.attributes, field) if order is not None else None,
        "none": lambda _customer, _order: None,
    }
    if strategy not in strategies:
        raise Misconfigured(f"setting `user_id`: {strategy!r} is none of {', '.join(STRATEGIES)}")
    return strategies[strategy]


def _hashed(digest: Callable[[bytes], str]) -> UserId:
    """Return the function that hashes the trimmed, lower-cased e-mail, as the other sources of a customer do."""

    def user_id(customer: Whom, order: Which) -> str | None:
        email = _email_of(customer, order)
        return digest(email.encode()) if email else None

    return user_id
