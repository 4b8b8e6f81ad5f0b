"""The compiled fitting of an input decides as the rule does, for any value."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.fitting.fit import fit, fitter
from tfbatch_handler.fitting.types import PACKED
from tfbatch_handler.serving import json_text
from tfbatch_handler.signature import STRING, Signature, Tensor

shapes = st.sampled_from(
    [(-1,), (-1, 1), (-1, 3), (-1, -1), (), (1,), (-1, 2, 2), (-1, 1, 1), (1, -1), None]
)
dtypes = st.sampled_from([*PACKED, "BFLOAT16", STRING])
numbers = st.one_of(
    st.integers(-300, 300),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from([0.0, -0.0, 1.5, 3.4e38, 3.5e38, 10**400]),
)
texts = st.one_of(
    numbers.map(str),
    st.text("0123456789.-+eE _", max_size=8),
    st.sampled_from(["", "1.", ".5", "-", "--1", "1_0", "٣", "NaN", "true", "9" * 400, "\ud800"]),
    st.text(max_size=4),
)
scalars = st.one_of(
    numbers,
    texts,
    st.booleans(),
    st.none(),
    st.binary(max_size=4),
    st.binary(max_size=4).map(memoryview),  # type: ignore[arg-type]
    st.sampled_from([{"b64": "YQ=="}, {"b64": "?"}, {}]),
)
alike = st.one_of(*(st.lists(kind, max_size=5) for kind in (numbers, texts, st.floats(), scalars)))
values = st.one_of(scalars, alike, st.lists(alike, max_size=3))


def outcome(read: Any, value: Any, tensor: Tensor) -> tuple[str, ...]:  # noqa: ANN401
    """What is sent of a value, or the error."""
    try:
        found = read(value)
    except FitError as error:
        return ("error", str(error))
    signature = Signature(inputs={"x": tensor}, outputs={})
    request = b"".join(map(bytes, json_text.predict_request([{"x": found}], signature)))
    items = [bytes(one) if isinstance(one, memoryview) else one for one in found.items]
    return found.dtype, str(found.shape), repr(items), request.decode()


@settings(max_examples=1500, deadline=None)
@given(value=values, dtype=dtypes, shape=shapes)
def test_the_quick_way_sends_what_the_rule_says(
    value: Any,  # noqa: ANN401
    dtype: str,
    shape: tuple[int, ...] | None,
) -> None:
    tensor = Tensor(name="x:0", dtype=dtype, shape=shape)
    ruled = outcome(lambda value: fit(value, "x", tensor), value, tensor)
    assert outcome(fitter("x", tensor), value, tensor) == ruled
    if ruled[0] != "error":
        sent = json.loads(ruled[3])["instances"][0]
        depth = len(ruled[1].strip("(),").split(",")) if ruled[1] != "()" else 0
        for _ in range(depth):
            assert type(sent) is list
            if not sent:
                return
            sent = sent[0]
        assert type(sent) is not list
