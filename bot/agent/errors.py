"""What can go wrong with a language model, as sentences for the person who waits for its answer.

    ProviderDown
    ├── ModelDown           overloaded, out of reach or too slow; asked again, then said
    ├── ModelKeyRefused     the operator's key is not accepted
    ├── ModelQuotaUsedUp    the operator's account has nothing left
    └── ModelMisconfigured  the model is unknown to its provider, or the request is not accepted
    Refused
    ├── ModelDeclined       the model will not answer this
    └── TooLongForModel     the newest turn alone is longer than the model can read

None of them holds a key, a header or a body of the provider.
"""

from __future__ import annotations

from bot.errors import ProviderDown, Refused


class ModelDown(ProviderDown):
    """The model cannot be asked now; `retry_after` are the seconds that its provider asks to wait, if it said so.

    `begun` is True when a part of an answer was already shown: then nothing is asked again.
    """

    def __init__(self, *, retry_after: float | None = None, begun: bool = False) -> None:
        super().__init__(
            "The language model broke off in the middle of its answer. Please ask again."
            if begun
            else "The language model is not answering at the moment. Please try again in a minute."
        )
        self.retry_after = retry_after
        self.begun = begun


class ModelKeyRefused(ProviderDown):
    """The provider does not accept the operator's key."""

    def __init__(self) -> None:
        super().__init__("The model's key was refused; the operator has been told. Please try again later.")


class ModelQuotaUsedUp(ProviderDown):
    """The operator's account at the provider has no credit or quota left."""

    def __init__(self) -> None:
        super().__init__(
            "The language model's quota is used up; the operator has been told. Please try again later."
        )


class ModelMisconfigured(ProviderDown):
    """The provider does not know the model, or does not accept what it is asked."""

    def __init__(self) -> None:
        super().__init__(
            "The language model could not be asked; the operator has been told. Please try again later."
        )


class ModelDeclined(Refused):
    """The model will not answer this, or its answer was filtered."""

    def __init__(self) -> None:
        super().__init__("The language model declined to answer this. Putting it differently may help.")


class TooLongForModel(Refused):
    """What would have to be sent is longer than the model can read, or its answer longer than it may write."""

    def __init__(self, what: str = "This message is") -> None:
        super().__init__(f"{what} too long for the language model. Send it shorter, or in several parts.")


class ContextTooLong(Exception):
    """The provider says that the request is too long; older turns can be left out. Never leaves `bot.agent`."""
