"""The tokens of the synthetic market: known names with made-up addresses, all of which begin with 0xfa4e."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

CHAIN = "bsc"
"""The chain that all synthetic tokens live on."""


@dataclass(frozen=True, slots=True)
class SyntheticRisk:
    """What the synthetic market says against a token; taxes in percent, None where unknown."""

    verdict: Literal["danger", "no warning found", "unknown"] = "no warning found"
    reasons: tuple[str, ...] = (
        "Checked for honeypot, hidden owner and trading stops: none of these was found.",
    )
    buy_tax_percent: float | None = 0.0
    sell_tax_percent: float | None = 0.0


@dataclass(frozen=True, slots=True)
class SyntheticToken:
    """One made-up token; money in dollars.

    The price wanders around `level`; `yearly_volatility` is the deviation of a year's log2 return, 1.0 being
    a factor of two. `supply` counts tokens.
    """

    symbol: str
    name: str
    address: str
    pool: str
    level: float
    yearly_volatility: float
    liquidity: float
    daily_volume: float
    supply: float
    created_at: datetime
    risk: SyntheticRisk = SyntheticRisk()


def _born(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


_HONEYPOT = SyntheticRisk(
    "danger",
    (
        "Selling fails: buyers cannot get out (honeypot).",
        "A hidden owner can change balances.",
        "Selling is taxed at 99 %.",
    ),
    5.0,
    99.0,
)
_UNKNOWN = SyntheticRisk(
    "unknown",
    ("The contract is not open, so nothing could be checked. Unknown does not mean harmless.",),
    None,
    None,
)
_TAXED = SyntheticRisk(
    reasons=("Every trade is taxed: 0.3 % of a buy and 0.3 % of a sale.",),
    buy_tax_percent=0.3,
    sell_tax_percent=0.3,
)

TOKENS = (
    SyntheticToken(
        "BNB",
        "BNB",
        "0xfa4e7eaf2fd2d2a20711f92062cc1b098e171968",
        "0xfa4e8e17196869dfcf1500211a501fb9fdbd8a1c",
        640.0,
        0.8,
        182_000_000,
        410_000_000,
        1.459e8,
        _born(2020, 9, 1),
    ),
    SyntheticToken(
        "BTC",
        "Bitcoin (bridged)",
        "0xfa4ecbdc64e24ca62b35866f88142f326d4e2908",
        "0xfa4e6d4e29082e079d9240d02472f65adac4f8e3",
        97_000.0,
        0.7,
        96_000_000,
        230_000_000,
        64_500.0,
        _born(2020, 9, 1),
    ),
    SyntheticToken(
        "ETH",
        "Ether (bridged)",
        "0xfa4ef4a3760644d064b3f7d82bb8e43ccb090a2d",
        "0xfa4ecb090a2dac8b55cc2894bf618c551b0bc2a8",
        3_250.0,
        0.9,
        88_000_000,
        175_000_000,
        606_000.0,
        _born(2020, 9, 1),
    ),
    SyntheticToken(
        "SOL",
        "Solana (bridged)",
        "0xfa4e29296c07a5ba406f81057d14fdd0d58bd981",
        "0xfa4ed58bd981b8e5701d901b590f84c71085191b",
        172.0,
        1.2,
        21_000_000,
        38_000_000,
        2.4e6,
        _born(2021, 9, 14),
    ),
    SyntheticToken(
        "XRP",
        "XRP (bridged)",
        "0xfa4e631ff8768671f3eae0117246886ac4978e35",
        "0xfa4ec4978e351ef21aa92299217cd071b54cc8d7",
        1.9,
        1.1,
        17_500_000,
        24_000_000,
        2.2e8,
        _born(2020, 9, 1),
    ),
    SyntheticToken(
        "ADA",
        "Cardano (bridged)",
        "0xfa4e8a15fea9a8880c224de3366daec293cd2323",
        "0xfa4e93cd232310bebc780884c51ef593544bd7b4",
        0.62,
        1.1,
        11_200_000,
        13_500_000,
        2.9e8,
        _born(2020, 9, 1),
    ),
    SyntheticToken(
        "LINK",
        "Chainlink (bridged)",
        "0xfa4ee26ef19029cc92e234d9457823ca0811b92d",
        "0xfa4e0811b92db9ce9dbf8db99c0fdd75d11338f0",
        14.2,
        1.1,
        7_900_000,
        9_100_000,
        1.3e7,
        _born(2020, 9, 15),
    ),
    SyntheticToken(
        "CAKE",
        "PancakeSwap",
        "0xfa4e8c38b376fdf45f4a7ca56a6b1062add53064",
        "0xfa4eadd530646a45ec959d059b1777edf00a37a5",
        2.45,
        1.2,
        34_000_000,
        41_000_000,
        3.8e8,
        _born(2020, 9, 22),
    ),
    SyntheticToken(
        "DOGE",
        "Dogecoin (bridged)",
        "0xfa4e6776fd13088f74ab1e77d67bd621e7bda25b",
        "0xfa4ee7bda25bcb1288e4eb2880aef4e247d3bd70",
        0.21,
        1.3,
        26_000_000,
        47_000_000,
        1.1e9,
        _born(2020, 11, 3),
    ),
    SyntheticToken(
        "SHIB",
        "Shiba Inu (bridged)",
        "0xfa4ea5915d515f620ea2cc0650b7b922b6cafd60",
        "0xfa4eb6cafd609d774143ece729bb823b80301e02",
        1.3e-5,
        1.3,
        9_400_000,
        15_800_000,
        4.1e12,
        _born(2021, 5, 9),
    ),
    SyntheticToken(
        "FLOKI",
        "Floki",
        "0xfa4e0915e034ab8684cd1be6a095b5999ec1f14c",
        "0xfa4e9ec1f14c786fcc3bd53aaec0bad8140b8a37",
        9.2e-5,
        1.4,
        12_700_000,
        19_300_000,
        9.6e12,
        _born(2021, 7, 2),
        _TAXED,
    ),
    SyntheticToken(
        "PEPE",
        "Pepe",
        "0xfa4ee63ffac3f5e5cf4af7a2c2f5c95c90f20af4",
        "0xfa4e90f20af44d01f0b02287e7b1445eb1298993",
        1.15e-5,
        1.75,
        8_300_000,
        22_600_000,
        4.2069e14,
        _born(2021, 12, 15),
    ),
    SyntheticToken(
        "TRUMP",
        "Official Trump (bridged)",
        "0xfa4e51d7eaf972a1bba4407c9a1546dcdf7c75a6",
        "0xfa4edf7c75a675bf84aafc2c5fdd541f9b617ecd",
        8.6,
        1.5,
        6_100_000,
        12_400_000,
        4.4e6,
        _born(2021, 12, 18),
    ),
    SyntheticToken(
        "BONK",
        "Bonk (bridged)",
        "0xfa4e4f7ad2ea1f2a387ff1a7b1471a8984ff53ed",
        "0xfa4e84ff53ed42386546e5f986a8b5a1421a220d",
        2.1e-5,
        1.5,
        1_900_000,
        3_600_000,
        6.2e11,
        _born(2021, 12, 25),
    ),
    SyntheticToken(
        "BABYDOGE",
        "BabyDoge Coin",
        "0xfa4e1315425bdd02695e17a30e83e96aa099d7b0",
        "0xfa4ea099d7b0b782241d79fe78bd15054b194006",
        1.4e-9,
        1.4,
        5_200_000,
        6_700_000,
        1.66e17,
        _born(2021, 6, 1),
    ),
    SyntheticToken(
        "MOON",
        "Moon Protocol",
        "0xfa4ea0f6a111ca669a17f16808542eb03d434eee",
        "0xfa4e3d434eee1177e87ee33cfd5b63714594b7c3",
        0.0118,
        1.5,
        1_340_000,
        2_150_000,
        8.8e8,
        _born(2021, 10, 4),
    ),
    SyntheticToken(
        "MOON",
        "MoonDoggo",
        "0xfa4ead09ee69cc813705d33f4946974a78f27240",
        "0xfa4e78f272402d6a72df3d05232b75af191016cc",
        3.3e-7,
        1.8,
        86_000,
        310_000,
        1e12,
        _born(2021, 12, 28),
    ),
    SyntheticToken(
        "SQUID",
        "Squid Arcade",
        "0xfa4e55fc817fb483f91535b3d16acdebb6eeb1e9",
        "0xfa4eb6eeb1e9c5a1febabd0d675d840f7fdb4441",
        0.0043,
        2.0,
        210_000,
        880_000,
        8e8,
        _born(2021, 10, 20),
        _HONEYPOT,
    ),
    SyntheticToken(
        "GLORP",
        "Glorp",
        "0xfa4e0b064fd35c5d4718ea9e3cf6353e3892053d",
        "0xfa4e3892053dc4dda3c625696417aa2c1a2973ba",
        6.4e-7,
        1.9,
        47_000,
        205_000,
        1e11,
        _born(2021, 12, 30),
        _UNKNOWN,
    ),
)
"""Every token there is; MOON exists twice, so that a person has to choose."""
