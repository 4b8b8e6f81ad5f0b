"""Lists the input objects of an execution page by page, from any page."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Protocol

from botocore.exceptions import ClientError

from tfbatch_functions.planning.refusals import BadManifest
from tfbatch_functions.s3 import storage as s3
from tfbatch_functions.s3.location import Location
from tfbatch_functions.s3.manifest import ManifestError, read_manifest
from tfbatch_functions.s3.storage import THREADS, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfbatch_functions.s3.storage import Lister

_SUFFIX: Final = ".manifest"


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the objects, in order."""

    objects: list[Found]
    """Objects by their names below the prefix."""
    mark: str
    """Where the next page starts."""
    is_last: bool


class Inputs(Protocol):
    """The source of the input objects."""

    prefix: Location

    def pages(self, mark: str) -> Iterator[Page]:
        """The pages after a mark; all of them for an empty mark."""
        ...


def inputs_of(uri: str, storage: Lister) -> Inputs:
    """The inputs that ``run.input`` names: a folder, or a manifest if it ends in ``.manifest``.

    Raises:
        BadManifest: the manifest doesn't exist or has no prefix.
    """
    if uri.endswith(_SUFFIX):
        return Listed(Location.parse(uri), storage)
    return Folder(Location.folder(uri), storage)


def is_object(name: str, size: int) -> bool:
    """Whether it is data. Consoles create an empty object with a trailing slash for a folder."""
    return bool(name) and not (size == 0 and name.endswith("/"))


class Folder:
    """All objects below a folder, by key.

    Each page starts after the last key of the previous one.
    """

    def __init__(self, prefix: Location, storage: Lister) -> None:
        self.prefix = prefix
        self._storage = storage

    def pages(self, mark: str) -> Iterator[Page]:
        """See :class:`Inputs`."""
        cut, is_more = len(self.prefix.key), True
        while is_more:
            found, is_more = self._storage.page(self.prefix, after=mark)
            mark = found[-1].key if found else mark
            objects = [
                Found(one.key[cut:], one.size)
                for one in found
                if is_object(one.key[cut:], one.size)
            ]
            yield Page(objects, mark, not is_more)


def distinct(names: Iterable[str]) -> Iterator[str]:
    """Leave out names that came before.

    It keeps a digest of each name, 16 bytes of BLAKE2b: a million names of a kilobyte would be a
    gigabyte.
    """
    seen = set[int]()
    for name in names:
        digest = int.from_bytes(
            blake2b(name.encode(errors="surrogatepass"), digest_size=16).digest()
        )
        if digest not in seen:
            seen.add(digest)
            yield name


class Listed:
    """The objects that a manifest names, with a HEAD for each size.

    One that is named twice is one object. A mark counts objects.
    """

    def __init__(self, location: Location, storage: Lister) -> None:
        self._location = location
        self._storage = storage
        self.prefix, _ = self._read()

    def pages(self, mark: str) -> Iterator[Page]:
        """See :class:`Inputs`.

        Raises:
            BadManifest: it is damaged, or names an object that doesn't exist.
        """
        _, names = self._read()
        done = int(mark or 0)
        try:
            names = itertools.islice(distinct(names), done, None)
            some = list(itertools.islice(names, s3.PAGE))
            with ThreadPoolExecutor(THREADS) as threads:
                while True:
                    following = list(itertools.islice(names, s3.PAGE))
                    done += len(some)
                    sizes = threads.map(self._find, some)
                    objects = [one for one in sizes if is_object(one.key, one.size)]
                    yield Page(objects, str(done), not following)
                    if not following:
                        return
                    some = following
        except ManifestError as error:
            raise self._bad(str(error)) from None

    def _read(self) -> tuple[Location, Iterator[str]]:
        try:
            return read_manifest(self._storage.read(self._location))
        except ManifestError as error:
            raise self._bad(str(error)) from None
        except ClientError as error:
            raise self._bad(f"it can't be read: {error}") from None

    def _find(self, name: str) -> Found:
        location = self.prefix / name
        try:
            found = self._storage.head(location)
        except ClientError as error:
            raise self._bad(f"{location.uri} can't be read: {error}") from None
        if found is None:
            raise self._bad(f"{location.uri} is not there: upload it, or take it off the list")
        return Found(name, found[0].size)

    def _bad(self, problem: str) -> BadManifest:
        return BadManifest(
            f"input = {self._location.uri}: {problem}. A manifest is a JSON array: "
            '[{"prefix": "s3://bucket/folder/"}, "name", ...], the names being what follows the '
            "prefix in the objects' keys."
        )
