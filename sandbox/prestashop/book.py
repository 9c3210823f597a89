"""The tables that PrestaShop would hold of a sandbox shop, kept from the shop's history, fact by fact.

They follow from the history and the shop's seed alone, never from who looks. `journal` says what there was to be seen.

Where the shop's life has no counterpart in PrestaShop:

* Order currency: an order is kept in the currency that the shopper saw, with its conversion rate, as PrestaShop does.
* A tip is kept as gift wrapping: `total_paid` is the sum of products, shipping and wrapping less discounts, to the cent.
* Test orders are those of the payment module `ps_sandbox`; till and draft orders are orders like others, a till's are delivered at once.
* Everybody has an e-mail here: who gave none gets one at the shop's own host. A missing name is empty, as an import leaves it.
* Tags, attributes, account states, carriers' reports and archiving do not exist: nothing changes.
* Money on its way back is not to be seen: a credit slip is a document, made when the refund is. Restocking alone makes none.
* An amount without lines becomes amounts that an employee typed for some line, or for the shipping.
* A refund that leaves nothing paid and nothing to send is, as the seed has it, a slip, the state Refunded, or both.
* A parcel is an `order_carriers` row: the first takes the row that exists since checkout, others add theirs, without the order's notice.
  What is only digital has no such row. A parcel that is taken back sets the order back to Processing; the next takes its row.
* A customer who is deleted vanishes with all addresses or, as the seed has it, is only marked. The orders keep the id.
* Some orders are set to Processing the moment they are paid. Some carts were split: two orders share a reference.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import md5
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sandbox import goods
from sandbox.prestashop.amounts import credit, detail, line_total, totals, vouchers
from sandbox.prestashop.fields import resources
from sandbox.prestashop.reference import (
    AUTHORIZED,
    BY_CHECK,
    CANCELED,
    CHEQUE,
    COMPANIES,
    DELAY,
    DELIVERED,
    ERROR,
    FLAGS,
    FREE,
    MODULES,
    PAID,
    PICKUP,
    PROCESSING,
    REFUNDED,
    SHIPPED,
    TEST_MODULE,
    WIRE,
    currencies,
    rate,
    reference,
)
from sandbox.shop import Fact, Shop
from sandbox.things import Address, Customer, Fulfillment, Order, Payment, Refund

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Entry:
    """One thing that PrestaShop's tables show happened."""

    at: datetime
    """When, as the tables show it: the shop's wall clock, the earlier of two readings where it is turned back."""
    true: datetime
    what: str
    """`placed`, `changed`, `state`, `payment`, `coupon`, `slip`, `row`, `parcel`, `registered`, `customer`, `login`, `forgotten`."""
    id: int
    """The order's, the customer's or, of parcels, the row's id."""
    order: int | None = None
    about: Any = None
    amount: Decimal | None = None
    bumps: bool = True
    """Whether `date_upd` of the order or the customer moved."""


class Book:
    """The tables, as of the facts that `read` was given.

    `state_ids` is added to PrestaShop's default ids of order states. With `shops` above 1 orders and customers belong to
    one of that many shops.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        timezone: str = "Europe/Paris",
        state_ids: int = 0,
        languages: int = 1,
        shops: int = 1,
    ) -> None:
        self.shop, self.zone, self.state_ids, self.shops = shop, ZoneInfo(timezone), state_ids, shops
        self.languages = languages
        self.journal: list[Entry] = []
        self._blank = {name: resource.blank() for name, resource in resources("9").items()}
        self.tables: dict[str, dict[int, Row]] = {name: {} for name in self._blank}
        self.order_ids: dict[int, int] = {}
        self.customer_ids: dict[int, int] = {}
        self.parcel_ids: dict[int, int] = {}
        self.details: dict[int, list[Row]] = {}
        self.slip_details: dict[int, list[Row]] = {}
        self.contexts: dict[int, int] = {}
        """Customer → the shop that it belongs to, also after it vanished."""
        self._customers: dict[int, Customer] = {}
        self._detail_ids: dict[int, int] = {}
        self._places: dict[Any, int] = {}
        self._rules: dict[tuple[int, int], int] = {}
        self._rows: dict[int, list[int]] = {}
        self._free_rows: dict[int, list[int]] = {}
        self._homes: dict[int, list[Row]] = {}
        self._gone: set[int] = set()
        self._entered: dict[int, set[int]] = {}
        self._last: dict[str, int] = {"customers": 1}
        self._read = 0
        self._at = shop.start
        for table, row in reference(shop, timezone, state_ids, languages, shops):
            self._insert(table, **row)
        for company, url in ((PICKUP, None), *goods.CARRIERS):
            self._carrier(company, url.format("@") if url else None)

    def read(self, facts: list[Fact], until: datetime | None = None) -> "Book":
        """Write down what is new in a history, which only grows."""
        while self._read < len(facts) and (until is None or facts[self._read].at <= until):
            self.write(facts[self._read])
        return self

    def write(self, fact: Fact) -> None:
        """Write down what happened next."""
        self._read += 1
        self._at = fact.at
        if fact.subject == "order":
            self._order(fact, fact.state)
        else:
            self._customer(fact, fact.state)

    def wall(self, at: datetime) -> str:
        """Write an instant as the shop's wall clock shows it, without its offset."""
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def shown(self, at: datetime) -> datetime:
        """Return what a reader of the wall clock takes an instant for.

        >>> from datetime import timedelta
        >>> book, before = Book(Shop(alive=False)), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        >>> book.shown(before) == book.shown(before + timedelta(hours=1)) == before
        True
        """
        return at.astimezone(self.zone).replace(fold=0, microsecond=0).astimezone(UTC)

    def state(self, row: Row) -> int:
        """Return which of PrestaShop's states an order is in, by its default id."""
        return row["current_state"] - self.state_ids

    def context(self, number: int) -> int:
        """Return the shop to which the n-th thing belongs."""
        return 1 + number % self.shops

    def rows_of_order(self, order: int) -> list[Row]:
        """Return an order's parcels, oldest first."""
        return [self.tables["order_carriers"][each] for each in self._rows.get(order, ())]

    def addresses_of(self, customer: int) -> list[Row]:
        """Return a customer's addresses, oldest first, also those that were deleted."""
        return self._homes.get(customer, [])

    def states_of(self, order: int) -> set[int]:
        """Return the states, by their default ids, that an order was ever in."""
        return self._entered.get(order, set())

    @property
    def now(self) -> str:
        """The wall clock's time of the fact at hand."""
        return self.wall(self._at)

    def _tell(self, what: str, id: int, **more: Any) -> None:  # noqa: A002
        self.journal.append(Entry(at=self.shown(self._at), true=self._at, what=what, id=id, **more))

    def _insert(self, table: str, **values: Any) -> int:
        """Add a row; what is not said is PrestaShop's default. Return its id."""
        id = values.pop("id", None) or self._last.get(table, 0) + 1  # noqa: A001
        self._last[table] = max(id, self._last.get(table, 0))
        self.tables[table][id] = self._blank[table] | {"id": id} | self._dated(table) | values
        return id

    def _dated(self, table: str) -> Row:
        return {name: self.now for name in ("date_add", "date_upd") if name in self._blank[table]}

    def _draw(self, *about: Any) -> Random:
        return Random("/".join(map(str, (self.shop.seed, "prestashop", *about))))

    # Reference data

    def _carrier(self, company: str, url: str | None = None) -> int:
        if ("carrier", company) not in self._places:
            number = len(self.tables["carriers"]) + 1
            self._places["carrier", company] = self._insert(
                "carriers",
                id_tax_rules_group=1,
                id_reference=number,
                name=company,
                active=1,
                is_free=int(company == PICKUP),
                url=url or "",
                shipping_handling=1,
                shipping_method=1,
                position=number,
                delay=DELAY,
            )
        return self._places["carrier", company]

    def _country(self, address: Address) -> tuple[int, int]:
        """Return the ids of an address's country and state (0: none)."""
        key = "country", address.country_code
        if key not in self._places:
            self._places[key] = self._insert(
                "countries",
                id_zone=1,
                iso_code=address.country_code,
                active=1,
                contains_states=int(address.region_code is not None),
                need_zip_code=1,
                name=(address.country,) * 3,
            )
        country = self._places[key]
        if not address.region_code:
            return country, 0
        key = "state", address.country_code, address.region_code
        if key not in self._places:
            self._places[key] = self._insert(
                "states",
                id_zone=1,
                id_country=country,
                iso_code=address.region_code,
                name=address.region or address.region_code,
                active=1,
            )
        return country, self._places[key]

    # People

    def _customer(self, fact: Fact, customer: Customer) -> None:
        before = self._customers.get(customer.id)
        if fact.what == "customer_created":
            self.customer_ids[customer.id] = self._register(
                customer.first_name,
                customer.last_name,
                customer.email,
                locale=customer.locale,
                newsletter=customer.email_consent.state == "subscribed",
                note=customer.note,
            )
            self._customers[customer.id] = customer
            self._tell("registered", self.customer_ids[customer.id])
            for address in customer.addresses:
                self._address(self.customer_ids[customer.id], address, customer.phone)
            return
        id = self.customer_ids[customer.id]  # noqa: A001
        if fact.what == "customer_deleted":
            self._forget(id)
        if fact.what != "customer_edited" or before is None:
            return
        self._customers[customer.id] = customer
        row = self.tables["customers"][id]
        seen = {
            "firstname": customer.first_name or "",
            "lastname": customer.last_name or "",
            "email": customer.email or self._own_address(id),
            "note": customer.note or "",
        }
        subscribed = int(customer.email_consent.state == "subscribed")
        bumps = any(row[name] != value for name, value in seen.items()) or row["newsletter"] > subscribed
        changed = bumps or row["newsletter"] != subscribed
        row.update(seen)
        if row["newsletter"] != subscribed:
            # To subscribe is the newsletter block's own SQL; to unsubscribe, the account's page.
            row["newsletter"] = subscribed
            row["newsletter_date_add"] = self.now if subscribed else row["newsletter_date_add"]
        if bumps:
            row["date_upd"] = self.now
        if customer.addresses != before.addresses:
            for each in before.addresses:
                place = self._places.get(self._address_key(id, each, before.phone))
                if place:
                    self.tables["addresses"][place].update(deleted=1, date_upd=self.now)
            for each in customer.addresses:
                self._address(id, each, customer.phone)
        if changed:
            self._tell("customer", id, bumps=bumps)

    def _forget(self, id: int) -> None:  # noqa: A002
        """Delete a customer as the merchant chose: for ever, or so that the e-mail cannot be registered again."""
        if self._draw("forget", id).random() < 0.5:
            self.tables["customers"][id].update(deleted=1, date_upd=self.now)
            return
        del self.tables["customers"][id]
        for each in self._homes.pop(id, ()):
            del self.tables["addresses"][each["id"]]
        self._tell("forgotten", id)

    def _register(
        self,
        first: str | None,
        last: str | None,
        email: str | None,
        *,
        locale: str | None = None,
        newsletter: bool = False,
        guest: bool = False,
        note: str | None = None,
        context: int | None = None,
    ) -> int:
        number = self._last["customers"] + 1
        context = context or self.context(number)
        self.contexts[number] = context
        return self._insert(
            "customers",
            id=number,
            id_default_group=2 if guest else 3,
            id_lang=self._language(locale),
            newsletter_date_add=self.now if newsletter else None,
            last_passwd_gen=self.now,
            secure_key=self._secret("key", number),
            passwd="$2y$10$" + self._secret("hash", number),
            lastname=last or "",
            firstname=first or "",
            email=email or self._own_address(number),
            newsletter=int(newsletter),
            **dict.fromkeys(("website", "company", "siret", "ape")),
            active=1,
            note=note or "",
            is_guest=int(guest),
            id_shop=context,
            id_shop_group=1,
            reset_password_token=self._secret("reset", number),
        )

    def _own_address(self, id: int) -> str:  # noqa: A002
        return f"customer-{id}@{self.shop.name}.example"

    def _secret(self, *about: Any) -> str:
        text = "/".join(map(str, (self.shop.seed, *about)))
        return md5(text.encode(), usedforsecurity=False).hexdigest()

    def _language(self, locale: str | None) -> int:
        for id, row in self.tables["languages"].items():  # noqa: A001
            if locale and locale[:2] == row["iso_code"]:
                return id
        return 1

    def _address_key(self, customer: int, address: Address, phone: str | None) -> Any:
        return "address", customer, address.id, phone

    def _address(self, customer: int, address: Address | None, phone: str | None) -> int:
        if address is None:
            return 0
        key = self._address_key(customer, address, phone)
        if key not in self._places:
            country, state = self._country(address)
            self._places[key] = self._insert(
                "addresses",
                id_customer=customer,
                id_country=country,
                id_state=state,
                alias="My Address",
                company=address.company or "",
                lastname=address.last_name or "",
                firstname=address.first_name or "",
                address1=address.street or "",
                address2=address.street_2 or "",
                postcode=address.zip or "",
                city=address.city or "",
                phone=address.phone or "",
                phone_mobile=phone or "",
            )
            self._homes.setdefault(customer, []).append(self.tables["addresses"][self._places[key]])
        return self._places[key]

    # Orders

    def _order(self, fact: Fact, order: Order) -> None:
        if fact.what == "order_placed":
            self._placed(order)
            return
        row = self.tables["orders"][self.order_ids[order.id]]
        match fact.what:
            case "order_edited" | "order_changed":
                self._edited(row, order)
            case "payment_sale_success" | "payment_capture_success":
                self._paid(row, order, next(each for each in order.payments if each.id == fact.about))
            case "order_paid":
                if "paid" not in FLAGS[self.state(row)] and self.state(row) not in (CANCELED, REFUNDED):
                    self._enter(row, PAID)
                    self._prepare(row, order)
            case "order_cancelled":
                self._enter(row, CANCELED)
            case "fulfillment_created":
                self._sent(row, order, next(each for each in order.fulfillments if each.id == fact.about))
            case "fulfillment_updated":
                self._followed(row, order, next(each for each in order.fulfillments if each.id == fact.about))
            case "refund_made":
                self._refunded(row, order, next(each for each in order.refunds if each.id == fact.about))

    def _placed(self, order: Order) -> None:
        number = len(self.order_ids) + 1
        self.order_ids[order.id] = number
        if order.customer_id is not None:
            customer = self.customer_ids[order.customer_id]
            who = self.tables["customers"][customer]
            who["date_upd"] = self.now
            self._tell("login", customer)
        else:
            named = order.billing or order.address
            customer = self._register(
                named.first_name if named else None,
                named.last_name if named else None,
                order.email,
                locale=order.locale,
                guest=True,
                context=self.context(number),
            )
            who = self.tables["customers"][customer]
        delivery = self._address(customer, order.address, order.phone)
        invoice = self._address(customer, order.billing, order.phone)
        virtual = all(each.product.digital for each in order.lines)
        company = PICKUP if order.source == "pos" else COMPANIES[number % len(COMPANIES)]
        carrier = 0 if virtual else self._carrier(company)
        first = order.payments[0] if order.payments else None
        module, payment = MODULES.get(first.gateway, BY_CHECK) if first else BY_CHECK
        if not order.total.shop:
            module, payment = FREE
        if order.test:
            module, payment = TEST_MODULE, "Test payment"
        code = order.presentment_currency
        self._insert(
            "orders",
            id=number,
            id_address_delivery=delivery or invoice,
            id_address_invoice=invoice or delivery,
            id_cart=number + 3,
            id_currency=currencies(self.shop).index(code) + 1,
            id_lang=who["id_lang"],
            id_customer=customer,
            id_carrier=carrier,
            module=module,
            note=order.note,
            id_shop_group=1,
            id_shop=who["id_shop"],
            secure_key=who["secure_key"],
            payment=payment,
            gift=int(bool(order.tip)),
            round_mode=2,
            round_type=1,
            conversion_rate=rate(self.shop, code),
            reference=self._reference(number, payment),
        )
        row = self.tables["orders"][number]
        self.details[number] = []
        self._write_lines(row, order)
        row.update(totals(order))
        self._rows[number], self._free_rows[number] = [], []
        if carrier:
            self._add_row(row, order)
        self._tell("placed", number, order=number, about=order)
        self._write_rules(row, order)
        if first is None:
            how = PAID if not order.total.shop else CHEQUE
        elif first.kind == "authorization":
            how = AUTHORIZED
        else:
            how = {"success": PAID, "pending": WIRE, "failure": ERROR}[first.status]
        self._enter(row, how)
        if how == PAID:
            self._prepare(row, order)

    def _reference(self, number: int, payment: str) -> str:
        """Draw nine letters; now and then those of the order before, with which it was one cart, paid in one way."""
        before = self.tables["orders"].get(number - 1)
        if number % 12 == 0 and before and before["payment"] == payment:
            return str(before["reference"])
        return "".join(self._draw("reference", number).choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=9))

    def _enter(self, row: Row, state: int) -> None:
        """Enter a state, as PrestaShop's order history does."""
        self._insert(
            "order_histories",
            id_employee=1 if row["current_state"] else 0,
            id_order_state=state + self.state_ids,
            id_order=row["id"],
        )
        flags = FLAGS[state]
        row.update(current_state=state + self.state_ids, valid=int("logable" in flags), date_upd=self.now)
        if "invoice" in flags and not row["invoice_number"]:
            row.update(invoice_number=row["id"], invoice_date=self.now)
        if "delivery" in flags and not row["delivery_number"]:
            row.update(delivery_number=row["id"], delivery_date=self.now)
        self._entered.setdefault(row["id"], set()).add(state)
        self._tell("state", row["id"], order=row["id"], about=state)
        if "shipped" in flags:
            for id in self._rows[row["id"]]:  # noqa: A001
                self._left(row, id)

    def _prepare(self, row: Row, order: Order) -> None:
        """Let some shops' modules start packing the moment that an order is paid."""
        if order.source != "pos" and self._draw("prepare", row["id"]).random() < 0.4:
            self._enter(row, PROCESSING)

    def _paid(self, row: Row, order: Order, payment: Payment) -> None:
        amount = payment.amount.presentment
        self._insert(
            "order_payments",
            order_reference=row["reference"],
            id_currency=row["id_currency"],
            amount=amount,
            payment_method=row["payment"],
            conversion_rate=row["conversion_rate"],
            transaction_id=f"T{payment.id}",
        )
        row["total_paid_real"] += amount
        row["date_upd"] = self.now
        self._tell("payment", row["id"], order=row["id"], amount=row["total_paid_real"])

    def _edited(self, row: Row, order: Order) -> None:
        delivery = self._address(row["id_customer"], order.address, order.phone) or row["id_address_delivery"]
        before = row["note"], row["id_address_delivery"], row["total_paid"], self._quantities(row["id"])
        row.update(note=order.note, id_address_delivery=delivery)
        self._write_lines(row, order)
        row.update(totals(order))
        self._write_rules(row, order)
        if before == (row["note"], delivery, row["total_paid"], self._quantities(row["id"])):
            return  # tags and attributes: PrestaShop has none
        row["date_upd"] = self.now
        self._tell("changed", row["id"], order=row["id"])

    def _quantities(self, order: int) -> list[tuple[int, int]]:
        return [(each["id"], each["product_quantity"]) for each in self.details[order]]

    # What an order is made of

    def _write_lines(self, row: Row, order: Order) -> None:
        known = {each["id"]: each for each in self.details[row["id"]]}
        table, kept = self.tables["order_details"], []
        for line in order.lines:
            id = self._detail_ids.get(line.id)  # noqa: A001
            if id is None:
                said = detail(order, line)
                id = self._insert("order_details", id_order=row["id"], id_shop=row["id_shop"], **said)  # noqa: A001
                self._detail_ids[line.id], known[id] = id, table[id]
            if (each := known.get(id)) is None:
                continue
            if not line.standing:  # the back office deletes such a row
                del table[id]
                continue
            incl, excl = line_total(order, line)
            each.update(product_quantity=line.standing, total_price_tax_incl=incl, total_price_tax_excl=excl)
            kept.append(each)
        self.details[row["id"]] = kept

    def _write_rules(self, row: Row, order: Order) -> None:
        """Write what each voucher took off. One that takes nothing off is not applied."""
        for index, discount, value, free in vouchers(order):
            known = self._rules.get((row["id"], index))
            if known:
                self.tables["order_cart_rules"][known].update(value=value.incl, value_tax_excl=value.excl)
            elif value.incl:
                self._rules[row["id"], index] = self._insert(
                    "order_cart_rules",
                    id_order=row["id"],
                    id_cart_rule=self._cart_rule(discount.code or "", discount.title),
                    name=f"Voucher {discount.title}",
                    value=value.incl,
                    value_tax_excl=value.excl,
                    free_shipping=int(free),
                )
                if discount.code:
                    self._tell("coupon", row["id"], order=row["id"], about=discount.code)

    def _cart_rule(self, code: str, title: str) -> int:
        key = "rule", code, title
        if key not in self._places:
            self._places[key] = self._insert(
                "cart_rules",
                date_from=self.now,
                date_to="2036-01-01 00:00:00",
                quantity=1000,
                quantity_per_user=1000,
                priority=1,
                partial_use=1,
                code=code,
                active=1,
                name=(f"Voucher {title}", f"Bon {title}", f"Gutschein {title}"),
            )
        return self._places[key]

    # Parcels

    def _add_row(self, row: Row, order: Order) -> int:
        id = self._insert(  # noqa: A001
            "order_carriers",
            id_order=row["id"],
            id_carrier=row["id_carrier"],
            weight=sum(
                (Decimal(each.product.grams) * each.standing / 1000 for each in order.lines), Decimal(0)
            ),
            shipping_cost_tax_excl=row["total_shipping_tax_excl"],
            shipping_cost_tax_incl=row["total_shipping_tax_incl"],
        )
        self._rows[row["id"]].append(id)
        self._free_rows[row["id"]].append(id)
        return id

    def _sent(self, row: Row, order: Order, parcel: Fulfillment) -> None:
        if self._rows[row["id"]]:
            free = self._free_rows[row["id"]]
            id = free[0] if free else self._add_row(row, order)  # noqa: A001
            free.remove(id)
            self.parcel_ids[parcel.id] = id
            self._track(row, id, parcel, bumps=False)
        if self.state(row) not in (SHIPPED, DELIVERED):
            self._enter(row, DELIVERED if order.source == "pos" or not self._rows[row["id"]] else SHIPPED)
        elif self._rows[row["id"]]:
            self._left(row, self.parcel_ids[parcel.id])

    def _left(self, row: Row, id: int) -> None:  # noqa: A002
        """Note that goods have left: a row means that from the moment that its order was first shipped."""
        if id not in self._gone:
            self._gone.add(id)
            here = datetime.fromisoformat(self.tables["order_carriers"][id]["date_add"])
            self._tell(
                "row",
                id,
                order=row["id"],
                about=here.replace(tzinfo=self.zone).astimezone(UTC),
                bumps=self._rows[row["id"]][0] == id,
            )

    def _followed(self, row: Row, order: Order, parcel: Fulfillment) -> None:
        id = self.parcel_ids.get(parcel.id)  # noqa: A001
        if id is None:
            return
        others = [each for each in order.fulfillments if each.status == "success"]
        if parcel.status != "success":
            if parcel.id in self.parcel_ids and id not in self._free_rows[row["id"]]:
                self._free_rows[row["id"]].append(id)
                if not others:
                    self._enter(row, PROCESSING)
            return
        self._track(row, id, parcel, bumps=parcel.updated_at == order.updated_at)
        if (
            parcel.carrier_status == "delivered"
            and self.state(row) == SHIPPED
            and all(each.carrier_status == "delivered" for each in others)
        ):
            self._enter(row, DELIVERED)

    def _track(self, row: Row, id: int, parcel: Fulfillment, *, bumps: bool) -> None:  # noqa: A002
        """Set a tracking number, without the order's notice unless the back office changes the carrier with it."""
        if not parcel.tracking:
            return
        made, said = self.tables["order_carriers"][id], parcel.tracking[0]
        carrier = (
            self._carrier(said.company, said.url.replace(said.number or "@", "@") if said.url else None)
            if said.company
            else made["id_carrier"]
        )
        changed = made["id_carrier"] != carrier
        if not changed and made["tracking_number"] == (said.number or ""):
            return
        made.update(tracking_number=said.number or "", id_carrier=carrier)
        bumps = bumps and changed
        if bumps:
            row.update(id_carrier=carrier, date_upd=self.now)
        self._tell("parcel", id, order=row["id"], bumps=bumps)

    # Money that goes back

    def _refunded(self, row: Row, order: Order, refund: Refund) -> None:
        given = (order.money_of(refund) + order.money_of(refund, "pending")).presentment
        if given <= 0:
            for each in refund.lines:
                detail = self.tables["order_details"].get(self._detail_ids[each.line_id])
                if detail:
                    detail["product_quantity_return"] += each.quantity
            return
        draw = self._draw("refund", row["id"], len(order.refunds))
        back, got = order.promised_back, order.received
        whole = back.presentment >= got.presentment and (
            order.cancelled_at is not None
            or all(order.left(each) <= order.fulfilled(each.id) for each in order.lines)
        )
        how = draw.choice(("slip", "state", "both")) if whole else "slip"
        if how != "state":
            self._slip(row, order, refund, given, draw)
        if how != "slip" and self.state(row) != REFUNDED:
            self._enter(row, REFUNDED)

    def _slip(self, row: Row, order: Order, refund: Refund, given: Decimal, draw: Random) -> None:
        known = {each["id"]: each for each in self.details[row["id"]]}
        rows = {
            line.id: known[self._detail_ids[line.id]]
            for line in order.lines
            if self._detail_ids[line.id] in known
        }
        room = {
            key: each["total_price_tax_incl"] - each["total_refunded_tax_incl"] for key, each in rows.items()
        }
        made = credit(order, refund, given, room, draw)
        products, shipping = made.products, made.shipping
        id = self._insert(  # noqa: A001
            "order_slip",
            id_customer=row["id_customer"],
            id_order=row["id"],
            conversion_rate=row["conversion_rate"],
            total_products_tax_excl=products.excl,
            total_products_tax_incl=products.incl,
            total_shipping_tax_excl=shipping.excl,
            total_shipping_tax_incl=shipping.incl,
            amount=made.amount,
            shipping_cost=int(shipping.incl > 0),
            shipping_cost_amount=shipping.incl,
            order_slip_type=2 if made.chosen or shipping.incl else 0,
        )
        self.slip_details[id] = [
            {
                "id": id,
                "id_order_detail": self._detail_ids[line.id],
                "product_quantity": quantity,
                "amount_tax_excl": amount.excl,
                "amount_tax_incl": amount.incl,
            }
            for line, quantity, amount in made.lines
        ]
        for line, quantity, amount in made.lines:
            if each := rows.get(line.id):
                each["product_quantity_refunded"] = min(
                    each["product_quantity"], each["product_quantity_refunded"] + quantity
                )
                each["total_refunded_tax_incl"] += amount.incl
                each["total_refunded_tax_excl"] += amount.excl
        self._tell("slip", row["id"], order=row["id"], about=id, amount=given, bumps=False)


def i18n(value: Any, languages: Iterable[int]) -> Iterator[tuple[int, str]]:
    """Yield a text in each language, (id, text)."""
    yield from ((language, value[language - 1]) for language in languages)
