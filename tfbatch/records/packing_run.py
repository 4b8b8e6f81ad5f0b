"""Packs a folder: divides photographs among files and packs several files at a time."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.files.file_store import FileStoreError
from tfbatch.records.packing import Packer, Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tfbatch.files.file_store import FileStore
    from tfbatch.records.packing import Packed


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """The arguments of packing."""

    source: FileStore
    target: FileStore
    records_per_file: int
    name: str
    """Start of the files' names."""
    compress: bool
    strict: bool
    again: bool
    threads: int


def plan(request: Request) -> tuple[Shard, ...]:
    """Assign photographs to files by name, so that the result is always the same.

    Raises:
        FileStoreError: there is nothing to pack, or the target has files of another plan.
    """
    if request.source.holds(request.target):
        raise FileStoreError(
            f"{request.target.shown('')} lies in {request.source.shown('')}, whose files a later "
            "run would pack as well: name another folder"
        )
    entries = tuple(request.source.entries())
    if not entries:
        raise FileStoreError(
            f"{request.source.shown('')} holds no files: name a folder of photographs"
        )
    size = request.records_per_file
    groups = [entries[start : start + size] for start in range(0, len(entries), size)]
    suffix = ".tfrecord.gz" if request.compress else ".tfrecord"
    shards = tuple(
        Shard(name=f"{request.name}-{number:05d}-of-{len(groups):05d}{suffix}", entries=group)
        for number, group in enumerate(groups)
    )
    _refuse_others(request, {shard.name for shard in shards})
    return shards


def _refuse_others(request: Request, names: set[str]) -> None:
    """Files of another plan would be predicted too, so photographs would count twice."""
    try:
        there = [entry.name for entry in request.target.entries() if entry.name not in names]
    except FileStoreError:  # the folder doesn't exist yet
        return
    if there:
        raise FileStoreError(
            f"{request.target.shown('')} holds {len(there)} files that this would not write, "
            f"{there[0]} among them: remove them, or name another folder"
        )


def pack(
    request: Request,
    shards: Sequence[Shard],
    *,
    on_photo: Callable[[int], None],
    on_file: Callable[[Packed], None],
) -> list[Packed]:
    """Write all files, or stop at the first error. Finished files stay.

    Args:
        request: the arguments.
        shards: the files.
        on_photo: called with the size of each packed photograph, from several threads.
        on_file: called for each finished file.
    """
    writers = max(1, min(len(shards), request.threads // 4))
    with ThreadPoolExecutor(request.threads) as readers, ThreadPoolExecutor(writers) as pool:
        packer = Packer(
            source=request.source,
            target=request.target,
            compress=request.compress,
            strict=request.strict,
            again=request.again,
            readers=readers,
            ahead=2 * request.threads // writers,
            on_photo=on_photo,
        )
        futures = [pool.submit(_tell, packer, shard, on_file) for shard in shards]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        except BaseException:  # interrupted: drop what is being written
            readers.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            for future in futures:
                future.cancel()
        return [future.result() for future in futures if not future.cancelled()]


def _tell(packer: Packer, shard: Shard, on_file: Callable[[Packed], None]) -> Packed:
    packed = packer.pack(shard)
    on_file(packed)
    return packed
