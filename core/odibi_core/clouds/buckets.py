"""What S3 and Google Cloud Storage share: lists that go on by a token, and one answer for what is missing."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, Generic, TypeVar

from odibi_core.clouds.account import NO_CONTAINER, Account, Object
from odibi_core.clouds.address import Address

Login = TypeVar("Login")


class BucketAccount(Account, Generic[Login]):
    """An account whose objects are in buckets.

    Args:
        login: How it is reached.
    """

    scheme: ClassVar[str]

    def __init__(self, login: Login) -> None:
        super().__init__()
        self.login = login

    def pages(self, address: Address) -> Iterator[Sequence[Object]]:
        """The objects whose keys begin with the address's key, a page at a time."""
        more: str | None = ""
        while more is not None:
            page, more = self._page(address, more)
            yield [found for found in page if not found.key.endswith("/")]

    @abstractmethod
    def _page(self, address: Address, token: str) -> tuple[list[Object], str | None]:
        """A page of what `pages` gives, and the token of the next one; None where this is the last.

        Args:
            address: As for `pages`.
            token: That of the page; "" for the first.
        """

    def head(self, address: Address) -> Object | None:
        """The object as it is now; None where there is none."""
        try:
            return self._look(address)
        except FileNotFoundError:
            # The answer is the same where there is no bucket.
            try:
                self._look_at_bucket(address.container)
            except FileNotFoundError as error:
                raise FileNotFoundError(NO_CONTAINER) from error
            return None

    @abstractmethod
    def _look(self, address: Address) -> Object:
        """The object as it is now.

        Raises:
            FileNotFoundError: There is no such object, or no such bucket.
        """

    @abstractmethod
    def _look_at_bucket(self, bucket: str) -> None:
        """Return where there is such a bucket.

        Raises:
            FileNotFoundError: There is none.
        """

    def delta_uri(self, address: Address) -> str:
        """The address as delta-rs spells it."""
        return f"{self.scheme}://{address.container}/{address.key}"
