"""Words that people write for units, qualities and registers of meters, in any case and script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from fnmatch import fnmatchcase

NANO = 1_000_000_000

# Billionths of a watt-hour or litre in one unit. A foot is 0.3048 m and a US gallon 231 cubic inches, exactly; a ton of water is a cubic
# metre. A therm is no volume but 100,000 Btu of gross heat (105.505585262 MJ); nine tenths of it are net heat (IPCC 2006, vol. 2, ch. 1),
# and it counts as the gas of 38.931 MJ/m3 net that has these, the calorific value behind the factor of CI-13 (JS/T 303-2026: 2.184 kg
# CO2e/m3). So a therm is 5.33 kg CO2e; US EPA has 5.3 kg. Every other unit of gross heat counts by the same rule: 1 kWh is 0.083224 m3.
NANO_PER_UNIT: dict[str, dict[str, int]] = {
    "electricity": {"Wh": NANO, "kWh": 10**3 * NANO, "MWh": 10**6 * NANO},
    "gas": {
        "L": NANO,
        "m3": 10**3 * NANO,
        "ft3": 28_316_846_592,
        "ccf": 2_831_684_659_200,
        "therm": 2_439_059_534_453,
        "Btu": 24_390_595,
        "MMBtu": 24_390_595_344_533,
        "MJ": 23_117_823_842,
        "GJ": 23_117_823_842_182,
    },
    "water": {
        "L": NANO,
        "m3": 10**3 * NANO,
        "t": 10**3 * NANO,
        "ft3": 28_316_846_592,
        "ccf": 2_831_684_659_200,
        "gal": 3_785_411_784,
    },
}

# Units that gas shares with electricity: they count where the source or the caller says that the meter is one of gas.
GAS_AS_HEAT = {"Wh": 83_224_166, "kWh": 83_224_165_832, "MWh": 83_224_165_831_856}

# Mean power over a reading: it is the energy of as many hours as the reading has.
ENERGY_OF_POWER = {"W": "Wh", "kW": "kWh", "MW": "MWh"}

_UNIT_WORDS = {
    "kWh": ("kwhr", "kwhrs", "kilowatthour", "kilowatthours", "度", "千瓦时", "千瓦小时"),
    "MWh": ("兆瓦时",),
    "Wh": ("瓦时", "watthour", "watthours"),
    "kW": ("千瓦", "kilowatt", "kilowatts"),
    "W": ("瓦", "watt", "watts"),
    "m3": ("m³", "cbm", "立方米", "立方", "方", "cubicmetre", "cubicmetres", "cubicmeter", "cubicmeters"),
    "L": ("升", "litre", "litres", "liter", "liters"),
    "t": ("吨", "公吨"),
    "ft3": ("cf", "cuft", "cubicfoot", "cubicfeet", "立方英尺"),
    "therm": ("therms", "thm", "撒姆"),
    "gal": ("gallon", "gallons", "usgal", "加仑"),
    "Btu": ("btus",),
    "MJ": ("兆焦",),
    "GJ": ("吉焦",),
}
_CANONICAL = {
    unit.casefold(): unit for unit in (*(name for units in NANO_PER_UNIT.values() for name in units), *ENERGY_OF_POWER)
} | {word: unit for unit, words in _UNIT_WORDS.items() for word in words}
_IN_UNITS = re.compile(r"[\s.·⋅*^_-]")

# Qualities of a value that somebody measured: plain words, 实抄 (read at the meter), and the codes of ESPI by their names.
MEASURED = (
    *("actual", "measured", "实抄", "实测", "实际", "valid", "manually edited", "derived"),
    *("raw", "validated", "verified", "revenue-quality"),
)
# Of a value that nobody measured: plain words, and the other codes of ESPI.
ESTIMATED = (
    *("estimated", "estimate", "estimation", "est", "估抄", "估算", "估计", "预估", "substituted", "missing"),
    *("estimated using reference day", "estimated using linear interpolation", "questionable", "projected"),
    *("mixed", "normalized for weather", "other"),
)

DELIVERED, FED_IN, TOTAL = "delivered", "fed in", "total"
# What a register counts. Delivered registers of one time are added (peak and valley); a total holds them already.
REGISTERS: dict[str, tuple[str, ...]] = {
    DELIVERED: (
        *(
            "peak",
            "valley",
            "off-peak",
            "offpeak",
            "shoulder",
            "flat",
            "sharp",
            "day",
            "night",
            "high",
            "low",
            "normal",
        ),
        *("import", "delivered", "consumption", "1", "2", "t1", "t2", "tariff 1", "tariff 2", "1.8.1", "1.8.2"),
        *("尖", "峰", "平", "谷", "尖峰", "高峰", "平段", "低谷", "深谷", "正向有功尖", "正向有功峰", "正向有功平"),
        *("正向有功谷", "afname dag", "afname nacht", "heures pleines", "heures creuses", "hp", "hc"),
    ),
    FED_IN: (
        *("export", "fed in", "feed-in", "injection", "return", "returned", "generation", "2.8.0", "2.8.1", "2.8.2"),
        *("injectie dag", "injectie nacht", "injectie", "反向有功总", "反向", "上网"),
    ),
    TOTAL: (
        *(
            "total",
            "sum",
            "all",
            "总",
            "合计",
            "正向有功总",
            "正向",
            "afname",
            "afname totaal",
            "1.8.0",
            "total consumption",
        ),
    ),
}
_ROLE = {word: role for role, words in REGISTERS.items() for word in words}


def unit_of(text: str) -> str | None:
    """The unit that a word means, in any case and script; None for a word that is none."""
    return _CANONICAL.get(_IN_UNITS.sub("", unicodedata.normalize("NFKC", text).casefold()))


def quality_of(text: str) -> str | None:
    """`MEASURED[0]` or `ESTIMATED[0]` for a known word of quality, in any case; None for an unknown one."""
    word = unicodedata.normalize("NFKC", text).casefold().strip()
    return MEASURED[0] if word in MEASURED else ESTIMATED[0] if word in ESTIMATED else None


def role_of(register: str) -> str | None:
    """What a register counts; None if its name does not tell. `import E2` is one of several registers of what was delivered."""
    word = unicodedata.normalize("NFKC", register).casefold().strip()
    return _ROLE.get(word) or (DELIVERED if word.startswith("import ") else None)


def like(word: str, patterns: Iterable[str]) -> bool:
    """Whether a word is one of some, in any case; `*` stands for anything."""
    return any(fnmatchcase(word.casefold().strip(), pattern.casefold()) for pattern in patterns)
