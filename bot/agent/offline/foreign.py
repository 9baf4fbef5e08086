"""Whether a message is in a language that the rules do not read."""

from __future__ import annotations

import unicodedata

from bot.agent.offline.vocabulary import one_of
from bot.agent.offline.words import Words

_TRADING = one_of(
    "kaufe kaufen kauf verkaufe verkaufen verkauf wenn sobald preis erstelle erstellen lösche zeige mein meine "
    "danke bitte gewinn verlust "
    "comprar compra compre compro vender vende venda vendre cuando quando precio preço preco crear crea criar "
    "gracias obrigado ganancia pérdida "
    "acheter achète achete acheté vends quand lorsque prix bonjour salut merci créer perte "
    "compra comprare vendi vendere quando prezzo grazie creare guadagno perdita "
    "koop kopen verkoop wanneer prijs maak kup sprzedaj kiedy cena beli jual ketika harga mua khi giá zaman fiyat"
)
"""Words of trading in other languages that mean nothing in English."""

_SMALL = one_of(
    "und oder der die das ein eine ich mit bei um auf nicht el los las una con para por si que baje suba le les des "
    "une avec pour il elle est pas di della che se con per sale scende het een met op van als i je ile dan di ke yang"
)
"""Small words of other languages; several of them make a sentence foreign."""


def is_foreign(words: Words) -> bool:
    """Whether a message looks like another language than English."""
    said = [token.text for token in words.tokens]
    foreign = any(
        letter.isalpha() and "LATIN" not in unicodedata.name(letter, "LATIN") for letter in words.text
    )
    if foreign and not any(
        text.isascii() and token.raw.islower() for text, token in zip(said, words.tokens, strict=True)
    ):
        return True
    trading = sum(text in _TRADING for text in said)
    return trading + sum(text in _SMALL for text in said) >= min(_ENOUGH, len(said)) and trading > 0


_ENOUGH = 2
