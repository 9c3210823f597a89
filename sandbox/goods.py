"""What a sandbox shop sells, and to whom: invented goods, names and places to draw from."""

from decimal import Decimal
from random import Random

from sandbox.things import Address, Product

GOODS = (
    (
        "Mug",
        "Drinkware",
        ("Home & Garden", "Kitchen & Dining", "Mugs"),
        "24.00",
        ("Blue", "Öko-Grün", "Noir"),
    ),
    ("Tee", "Shirts", ("Apparel & Accessories", "Clothing", "Shirts"), "30.00", ("S", "M", "L", "XL")),
    ("Café crème ☕", "Coffee", ("Food & Beverages", "Coffee"), "11.90", ("250 g", "1 kg")),
    ("Señor Pequeño", "Toys", ("Toys & Games", "Dolls"), "17.35", ("Rojo", "Azul")),
    ("抹茶 Matcha", "Tea", ("Food & Beverages", "Tea"), "19.99", ("30 g", "100 g")),
    ("Straßenschuh", "Shoes", ("Apparel & Accessories", "Shoes"), "89.95", ("41", "42", "43")),
    ("Lamp “Lykta”", "Lamps", ("Home & Garden", "Lighting"), "129.00", ("Small", "Large")),
    ("Sticker 🦊", "Stationery", ("Office Supplies",), "0.95", (None,)),
    ("Notebook", "Stationery", ("Office Supplies", "Notebooks"), "7.50", ("Lined", "Dotted", "Plain")),
    ("E-book: Ærø", "Books", ("Media", "Books"), "9.99", (None,)),
    ("Gift card", "Gift cards", ("Gift Cards",), "50.00", ("25", "50")),
    ("Scarf", "Accessories", ("Apparel & Accessories",), "44.44", ("Wool", "Silk")),
    ("Desk, height-adjustable", "Furniture", ("Furniture", "Desks"), "1249.00", (None,)),
    ("Pencil", "Stationery", ("Office Supplies",), "0.33", ("HB", "2B")),
)

PEOPLE = (
    ("Anna", "Schmidt", "de"), ("José", "Muñoz", "es"), ("Zoë", "O’Connor", "en"), ("Łukasz", "Żółć", "pl"),
    ("花子", "山田", "ja"), ("Siân", "Jones", "en"), ("François", "Lefèvre", "fr"), ("Nguyễn", "Văn An", "vi"),
    ("Ada", "King", "en"), ("Søren", "Ørsted", "da"), ("Michelle 🌻", "Braun", "de"), ("Olga", "Иванова", "ru"),
    ("Ali", "Yılmaz", "tr"), ("Max", None, "de"), (None, "Prince", "en"), ("Renée", "D'Angelo", "it"),
)  # fmt: skip

PLACES = (
    ("Hauptstr. 5", "Berlin", "10115", "Berlin", "BE", "Germany", "DE"),
    ("12 Rue de l’Église", "Paris", "75011", None, None, "France", "FR"),
    ("1-2-3 Jingūmae", "Tōkyō", "150-0001", "Tōkyō", "JP-13", "Japan", "JP"),
    ("350 5th Ave, Apt 4B", "New York", "10118", "New York", "NY", "United States", "US"),
    ("Storgatan 1", "Malmö", "211 22", None, None, "Sweden", "SE"),
    ("221B Baker St", "London", "NW1 6XE", "England", "ENG", "United Kingdom", "GB"),
    ("Bahnhofstrasse 7", "Zürich", "8001", None, None, "Switzerland", "CH"),
)

LOCATIONS = ((655441491, "Main street"), (655441492, "Lager Süd"))
CARRIERS = (
    ("DHL", "https://www.dhl.com/track?id={}"),
    ("UPS", "https://www.ups.com/track?tracknum={}"),
    ("日本郵便", None),
)
TAGS = ("vip", "wholesale", "b2b", "gift", "Größe XL", "retour?", "late", "🎁")
NOTES = ("Please ring twice.", "Bitte ohne Plastik – danke!", "Left with the neighbour", "お願いします", "")
CODES = (
    ("WELCOME10", "percentage", "10", "all"), ("SOMMER-5", "amount", "5.00", "all"), ("FREESHIP", "shipping", "100", "all"),
    ("Freunde15", "percentage", "15", "entitled"), ("VIP", "percentage", "33.333", "all"),
)  # fmt: skip


def catalogue(rate: Decimal, digits: int) -> tuple[Product, ...]:
    """Return what the shop sells, priced by `rate` from euros and rounded to `digits`."""
    goods = []
    for number, (title, kind, category, price, variants) in enumerate(GOODS):
        for place, variant in enumerate(variants):
            amount = (Decimal(price) * (place + 2) / 2 * rate).quantize(Decimal(1).scaleb(-digits))
            goods.append(
                Product(
                    id=7701 + number,
                    variant_id=8801 + number * 10 + place,
                    title=title,
                    variant=variant,
                    sku=None if title == "Pencil" else f"{title[:3].upper()}-{place + 1:02}",
                    vendor="Acme" if number % 3 else "Maison Été",
                    kind=kind,
                    category=category,
                    price=amount,
                    compare_at_price=amount * 2 if number % 4 == 0 else None,
                    barcode=f"40{number:05}{place:05}",
                    tags=("new",) if number % 5 == 0 else (),
                    grams=0 if kind in ("Books", "Gift cards") else 150 * (number + 1),
                    digital=kind in ("Books", "Gift cards"),
                    gift_card=kind == "Gift cards",
                )
            )
    return tuple(goods)


def address(draw: Random, id: int, first: str | None, last: str | None) -> Address:  # noqa: A002
    """Draw an address for somebody."""
    street, city, code, region, region_code, country, country_code = draw.choice(PLACES)
    return Address(
        id=id,
        first_name=first,
        last_name=last,
        street=street,
        street_2=draw.choice((None, None, "c/o Café Blau")),
        city=city,
        zip=code,
        region=region,
        region_code=region_code,
        country=country,
        country_code=country_code,
        company=draw.choice((None, None, None, "Müller & Söhne GmbH")),
        phone=draw.choice((None, "+4930123456")),
    )
