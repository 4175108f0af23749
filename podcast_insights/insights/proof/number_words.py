"""Words around numbers: multipliers, percent signs, units. Data of `numbers.py`."""

from dataclasses import dataclass

SPELLED = frozenset("de en es fr it nl pt".split())
"""The languages that text2num reads."""
POINT_DECIMAL = frozenset("en ja zh ko th he hi".split())
"""Where 1.5 is one and a half and 1,000 a thousand; elsewhere it is the other way round."""
ATTACHED = {"k": 3, "K": 3, "M": 6, "mn": 6, "Mn": 6, "B": 9, "bn": 9, "Bn": 9, "T": 12, "tn": 12}
ATTACHED_TO_MONEY = {"m": 6, "b": 9, "t": 12}
ABBREVIATED = {"mio": 6, "mill": 6, "mln": 6, "mrd": 9, "mld": 9, "bio": 12}
LARGE = {
    "thousand": 3,
    "million": 6,
    "millions": 6,
    "billion": 9,
    "billions": 9,
    "trillion": 12,
    "trillions": 12,
}
CURRENCIES = frozenset("$€£¥₹")
PERCENT = (
    ("%",), ("percent",), ("pct",), ("percentage",), ("prozent",), ("prozentpunkte",),
    ("procent",), ("per", "cent"), ("per", "cento"), ("por", "ciento"), ("pour", "cent"),
    ("por", "cento"),
)  # fmt: skip
RANGE = frozenset("to - – — or and bis oder und à ou et a o y e".split())
DECADES = dict(
    zip(
        "twenties thirties forties fifties sixties seventies eighties nineties".split(),
        range(20, 100, 10),
        strict=True,
    )
)
UNITS = frozenset(
    """
    times fold seconds minutes hours days weeks months quarters years decades centuries dollars
    euros pounds cents meters metres kilometers kilometres miles feet inches degrees grams kilograms
    kilos tons tonnes liters litres gallons watts kilowatts megawatts gigawatts volts bytes
    kilobytes megabytes gigabytes terabytes hertz megahertz gigahertz points mal sekunden minuten
    stunden tage tagen wochen monate monaten jahre jahren euro dollar meter kilometer grad
    """.split()
)
TIME_PREFIXES = frozenset("mid post pre sub top under over late early since".split())


@dataclass(frozen=True)
class Spoken:
    """A token as text2num asks for it."""

    written: str

    def text(self) -> str:
        """The token."""
        return self.written

    def nt_separated(self, previous: "Spoken") -> bool:
        """Nothing but tokens separates numbers."""
        return False

    def not_a_number_part(self) -> bool:
        """Any token may be part of a number."""
        return False
