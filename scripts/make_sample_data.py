"""Write the invented data of the sample workspace: `python scripts/make_sample_data.py [FOLDER]`.

The same bytes come out everywhere and every time: one fixed start for the random numbers, nothing but the
standard library, and no clock. `sample_data/README.md` tells what the data hold.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

Item = TypeVar("Item")

FOLDER = Path(__file__).parents[1] / "sample_data" / "data"
START = dt.date(2025, 1, 1)
DAYS = 365
CUSTOMERS = 640

FIRST_NAMES = (
    "Ada Amara Anders Aoife Bashir Beatriz Callum Chidi Chloe Dalia Dmitri Elif Emeka Farah Freya Gareth "
    "Hana Hugo Imani Ines Ivan Jamal Jonas Kavya Kofi Lars Leila Lucia Maeve Marek Mei Mohan Nadia Niamh "
    "Noor Olga Omar Oscar Paloma Priya Rafael Ravi Rosa Ruben Saoirse Selin Sofia Tariq Tomasz Valentina "
    "Wanjiru Wei Yara Yusuf Zofia Zoe"
).split()
LAST_NAMES = (
    "Abbott Adeyemi Ahmed Almeida Baker Banerjee Bianchi Brennan Calder Castillo Chen Costa Dahl Demir "
    "Doyle Eriksen Farouk Fletcher Garcia Grant Haddad Hughes Ibrahim Jansen Kaur Keane Kowalski Larsen "
    "Lindqvist Marsh Mbeki Mendes Moreau Murray Nakamura Novak Nwosu Okafor Owusu Park Patel Petrov Quinn "
    "Rahman Reyes Rossi Sato Schmidt Shah Silva Stone Suzuki Tanaka Thorne Varga Walsh Weber Wilde Yilmaz "
    "Zhang"
).split()
CITIES = {
    "North": ("Newcastle", "Durham", "Carlisle", "Leeds"),
    "South": ("Brighton", "Southampton", "Exeter", "Reading"),
    "East": ("Norwich", "Cambridge", "Ipswich", "Lincoln"),
    "West": ("Bristol", "Cardiff", "Gloucester", "Swansea"),
}
DEVICES = (("phone", "android"), ("phone", "ios"), ("laptop", "linux"), ("tablet", "ios"))
REGIONS = ("North", "South", "South", "South", "East", "East", "West", "West", "West")

# Name, category, price, supplier; a product's number is its place here, from P01.
PRODUCTS = (
    ("House espresso, 1 kg", "coffee", 18.50, "Brindle Roastery"),
    ("Single origin Sidama, 250 g", "coffee", 9.80, "Brindle Roastery"),
    ("Decaf blend, 500 g", "coffee", 11.20, "Brindle Roastery"),
    ("Cold brew concentrate", "cold drinks", 7.40, "Brindle Roastery"),
    ("Assam breakfast tea", "tea", 5.60, "Loch & Leaf"),
    ("Jasmine pearls", "tea", 12.90, "Loch & Leaf"),
    ("Peppermint, loose", "tea", 4.80, "Loch & Leaf"),
    ("Iced peach tea", "cold drinks", 3.90, "Loch & Leaf"),
    ("Burr grinder", "equipment", 129.00, "Copper Works"),
    ("Gooseneck kettle", "equipment", 64.00, "Copper Works"),
    ("French press, 1 l", "equipment", 32.50, "Copper Works"),
    ("Travel mug", "equipment", 21.00, "Copper Works"),
    ("Espresso machine, one group", "equipment", 449.00, "Copper Works"),
    ("Paper filters, 100", "supplies", 4.20, "Plainpack"),
    ("Descaler", "supplies", 6.90, "Plainpack"),
    ("Oat drink, 6 l", "supplies", 11.40, "Plainpack"),
    ("Winter gift box", "gifts", 39.00, "Loch & Leaf"),
    ("Tasting set, four coffees", "gifts", 26.00, "Brindle Roastery"),
)
# How much each month sells beside an average one, January first.
SEASON = {
    "cold drinks": (0.2, 0.2, 0.4, 0.7, 1.2, 2.1, 2.6, 2.4, 1.1, 0.5, 0.3, 0.3),
    "gifts": (0.3, 0.7, 0.4, 0.5, 0.5, 0.4, 0.4, 0.4, 0.5, 0.9, 2.6, 4.4),
    "other": (0.8, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 1.0, 1.1, 1.5, 1.6),
}
FLOOD = (dt.date(2025, 9, 8), dt.date(2025, 9, 21))
EXPORTED_TWICE = dt.date(2025, 6, 14)
BLACK_FRIDAY = dt.date(2025, 11, 28)
CAFE = "C0042"


class Draws:
    """Random choices that are the same in every Python: only `random()` itself is promised to be."""

    def __init__(self, start: int) -> None:
        self._random = random.Random(start)

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self._random.random() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items, each as likely."""
        return items[int(self._random.random() * len(items))]

    def weighted(self, items: Sequence[Item], weights: Sequence[float]) -> Item:
        """One of the items, as likely as its weight says."""
        point = self._random.random() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            point -= weight
            if point < 0:
                return item
        return items[-1]


def product_id(position: int) -> str:
    """The product number of a place in `PRODUCTS`."""
    return f"P{position + 1:02d}"


def season(category: str, day: dt.date) -> float:
    """How much of a category sells on that day beside an average one."""
    return SEASON.get(category, SEASON["other"])[day.month - 1]


def products() -> list[dict[str, Any]]:
    """The product list, with a nested supplier and a few tags."""
    return [
        {
            "product_id": product_id(position),
            "name": name,
            "category": category,
            "price": price,
            "supplier": {"name": supplier, "country": "GB" if supplier != "Loch & Leaf" else "IE"},
            "tags": [category, "heavy"] if price > 60 else [category],
        }
        for position, (name, category, price, supplier) in enumerate(PRODUCTS)
    ]


def customers(draws: Draws) -> list[list[str]]:
    """Customers in three spellings of their status, some without e-mail or age, some twice."""
    rows: list[list[str]] = []
    for number in range(1, CUSTOMERS + 1):
        first, last, region = draws.pick(FIRST_NAMES), draws.pick(LAST_NAMES), draws.pick(REGIONS)
        status = draws.weighted(("active", "inactive", "prospect"), (70, 20, 10))
        joined = START - dt.timedelta(days=draws.between(1, 1400))
        email = f"{first}.{last}{number}@example.{draws.pick(('com', 'org', 'net'))}"
        row = [
            f"C{number:04d}",
            draws.weighted((f"{first} {last}", f"{first} {last}".upper(), f"  {first}  {last} "), (86, 8, 6)),
            "" if draws.chance(0.06) else draws.weighted((email.lower(), email), (80, 20)),
            "" if draws.chance(0.04) else str(draws.between(18, 79)),
            draws.weighted((status, status.title(), f"{status.upper()} "), (80, 14, 6)),
            region,
            draws.pick(CITIES[region]),
            draws.weighted(
                (joined.isoformat(), f"{joined:%d/%m/%Y}", "unknown", "2024-02-30"), (92, 5, 2, 1)
            ),
        ]
        if row[0] == CAFE:
            row[1:4] = ["Harbour Street Café", "orders@harbour-street.example.com", "44"]
            row[4:7] = ["active", "South", "Brighton"]
        rows.append(row)
        if draws.chance(0.04):
            again = list(row)
            again[3] = str(int(row[3]) + 1) if row[3] else ""
            rows.append(again)
    rows.insert(120, ["", "Test Account", "test@example.com", "99", "active", "North", "Leeds", "2024-01-01"])
    # A comma that nobody quoted: one field too many for the header.
    rows.insert(301, "C0901,Fletcher, Jr.,jr@example.com,51,active,East,Ely,2023-05-09".split(","))
    rows.insert(502, "C0902,Moreau, & Sons,hello@example.org,38,active,West,Bath,2022-11-30".split(","))
    return rows


def orders(draws: Draws, regions: dict[str, str]) -> list[list[str]]:
    """A year of orders, with everything that goes wrong in an export."""
    rows: list[list[str]] = []
    for day in (START + dt.timedelta(days=number) for number in range(DAYS)):
        today: list[list[str]] = []
        weights = [season(category, day) / price**0.35 for _, category, price, _ in PRODUCTS]
        busy = sum(weights) * (1.25 if day.weekday() >= 5 else 1.0) * (2.4 if day == BLACK_FRIDAY else 1.0)
        for _ in range(int(busy * (1.2 + draws.between(0, 60) / 100))):
            today.append(_order(draws, day, len(rows) + len(today) + 1, weights, regions))
        if day.day == 3:
            today.append(_cafe_order(draws, day, len(rows) + len(today) + 1))
        rows.extend(today)
        if day == EXPORTED_TWICE:
            rows.extend(list(row) for row in today)
    _spoil_orders(rows)
    return rows


def _order(
    draws: Draws, day: dt.date, number: int, weights: Sequence[float], regions: dict[str, str]
) -> list[str]:
    customer = f"C{draws.between(1, CUSTOMERS):04d}"
    position = draws.weighted(range(len(PRODUCTS)), weights)
    price = PRODUCTS[position][2]
    quantity = 1 if price > 100 else draws.weighted((1, 2, 3, 6), (60, 25, 10, 5))
    flooded = regions[customer] == "West" and FLOOD[0] <= day <= FLOOD[1]
    status = draws.weighted(("delivered", "returned", "cancelled"), (8, 2, 90) if flooded else (91, 5, 4))
    return [
        f"O{number:05d}",
        customer if not draws.chance(0.004) else "C9999",
        product_id(position),
        draws.weighted((day.isoformat(), f"{day:%d/%m/%Y}"), (99, 1)),
        str(quantity),
        f"{price:.2f}",
        draws.weighted(("0", "0.1", "0.2"), (85, 10, 5)),
        draws.weighted((status, status.title(), f"{status.upper()} "), (88, 8, 4)),
        draws.weighted(("web", "app", "phone"), (60, 32, 8)),
    ]


def _cafe_order(draws: Draws, day: dt.date, number: int) -> list[str]:
    boxes = str(draws.between(20, 40))
    return [f"O{number:05d}", CAFE, "P01", day.isoformat(), boxes, "18.50", "0.2", "delivered", "phone"]


def _spoil_orders(rows: list[list[str]]) -> None:
    """Text in number columns, a field too many, a field too few, and days that no calendar has."""
    for place, field, text in (
        (211, 4, "two"),
        (777, 5, "12.90 GBP"),
        (1204, 4, "1 box"),
        (1650, 3, "2025-13-04"),
        (2048, 3, "31/02/2025"),
        (2390, 3, "tomorrow"),
    ):
        rows[place][field] = text
    rows[905] = [*rows[905][:-1], "phone", "called back twice"]
    rows[1822] = [*rows[1822], "gift", "wrap"]
    rows[2501] = rows[2501][:5]


def sales(draws: Draws) -> list[list[str]]:
    """Till receipts of three shops in the first half year; Leeds is closed for a refit in May."""
    rows: list[list[str]] = []
    for day in (START + dt.timedelta(days=number) for number in range(181)):
        weights = [season(category, day) / price**0.25 for _, category, price, _ in PRODUCTS]
        for store, busy in (("Bristol", 4), ("Brighton", 3), ("Leeds", 0 if day.month == 5 else 3)):
            for _ in range(draws.between(busy // 2, busy)):
                name, _, price, _ = PRODUCTS[draws.weighted(range(len(PRODUCTS)), weights)]
                quantity = draws.weighted((1, 2, 4), (70, 22, 8))
                amount = f"{quantity * price:.2f}"
                rows.append([f"S{len(rows) + 1:05d}", day.isoformat(), store, name, str(quantity), amount])
    rows.insert(640, ["S90001", "2025-03-30", "Leeds", "Kettle", " dented", "1", "44.00"])
    rows.insert(990, ["S90002", "2025-05-19", "Bristol", "Travel mug", "1", "21.00", "staff", "discount"])
    return rows


def events(draws: Draws) -> list[dict[str, Any]]:
    """Two weeks in the web shop around Black Friday; nobody can pay from 18:00 to 20:00 that day."""
    found: list[dict[str, Any]] = []
    for day in (dt.date(2025, 11, 19) + dt.timedelta(days=number) for number in range(14)):
        visits = draws.between(52, 68) * (3 if day == BLACK_FRIDAY else 1)
        for visit in range(visits):
            found.extend(_visit(draws, day, f"{day:%m%d}-{visit:03d}"))
    found.sort(key=lambda event: (event["happened_at"], event["session"]))
    for number, event in enumerate(found, start=1):
        event["event_id"] = number
    return found


def _visit(draws: Draws, day: dt.date, session: str) -> Iterable[dict[str, Any]]:
    second = draws.between(7 * 3600, 22 * 3600)
    customer = f"C{draws.between(1, CUSTOMERS):04d}" if draws.chance(0.6) else None
    kind, system = draws.pick(DEVICES)
    trail = ["view"] * draws.between(1, 4)
    if draws.chance(0.4):
        trail.append("add_to_cart")
        broken = day == BLACK_FRIDAY and 18 * 3600 <= second < 20 * 3600
        if broken:
            trail.append("payment_error")
        elif draws.chance(0.55):
            trail.append("purchase")
    product = product_id(draws.between(0, len(PRODUCTS) - 1))
    for what in trail:
        at = dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(seconds=second)
        yield {
            "event_id": 0,
            "happened_at": at.isoformat().replace("+00:00", "Z"),
            "session": session,
            "customer_id": customer,
            "type": draws.weighted((what, what.upper()), (97, 3)),
            "product_id": product,
            "device": {"kind": kind, "os": system},
        }
        second += draws.between(5, 240)


def csv_text(header: str, rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV with that header."""
    target = io.StringIO()
    target.write(header + "\n")
    csv.writer(target, lineterminator="\n").writerows(rows)
    return target.getvalue()


def sample_files() -> dict[str, str]:
    """File name → content of every sample file."""
    people = customers(Draws(1))
    regions = {row[0]: row[5] for row in people if len(row) == 8}
    log = [json.dumps(event, separators=(",", ":")) for event in events(Draws(4))]
    # The log was rotated in the middle of a line.
    log[1500] = log[1500][:61]
    return {
        "products.json": json.dumps(products(), indent=1, ensure_ascii=False) + "\n",
        "customers.csv": csv_text("customer_id,name,email,age,status,region,city,signed_up", people),
        "orders.csv": csv_text(
            "order_id,customer_id,product_id,order_date,quantity,unit_price,discount,status,channel",
            orders(Draws(2), regions),
        ),
        "sales.csv": csv_text("sale_id,sale_date,store,product,quantity,amount", sales(Draws(3))),
        "events.jsonl": "\n".join(log) + "\n",
    }


def main(folder: Path) -> None:
    """Write every sample file into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in sample_files().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
