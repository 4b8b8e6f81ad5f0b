"""Writes a review as a comment of GitHub and GitLab, or of Bitbucket, within its size limit."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tfbatch.review.finding import Section, Severity
from tfbatch.review.render import words
from tfbatch.review.render.mermaid import mermaid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfbatch.review.finding import Finding, Row
    from tfbatch.review.render.graph import Graph
    from tfbatch.review.review import Review

LIMIT = 65_536
"""Characters of a comment on GitHub."""
MARK = "<!-- tfbatch review -->"
"""Identifies the comment, to update it in place."""

BITBUCKET_LIMIT = 32_000
"""The same on Bitbucket, which admits 32,768, without the lines that the post adds."""

_LONG = 16_000
"""From this length on details are folded."""
_OPEN_DIFF_LINES = 25
_CELL = 300
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")
_LINKED = re.compile(r"[@#]|\bGH(?=-)|://|\bwww(?=\.)", re.IGNORECASE)
"""What GitHub turns into a mention, a reference or a link, also where it is written as an entity:
a character without width breaks it."""
_BREAK = "\u200b"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Room:
    """How much is shown. The first one that fits is used."""

    open_diffs: bool
    """Whether short diffs are open."""
    details: Severity
    """Tables and diffs of findings of at least this severity."""
    drawings: bool = True
    titles: int | None = None
    """Number of findings that a section names."""
    html: bool = True
    """Whether tags and drawings are shown: Bitbucket shows a tag as text."""

    def small(self, text: str) -> str:
        """Text in small print."""
        return f"<sub>{text}</sub>" if self.html else f"({text})"

    def folded(self, summary: str, block: str) -> str:
        """A block that opens at a click; without tags only what it is."""
        if not self.html:
            return f"{summary}: see review.html."
        return f"<details><summary>{summary}</summary>\n\n{block}\n\n</details>"


_ROOMS = (
    _Room(open_diffs=True, details=Severity.FINE),
    _Room(open_diffs=False, details=Severity.FINE),
    _Room(open_diffs=False, details=Severity.ATTENTION),
    _Room(open_diffs=False, details=Severity.DESTRUCTIVE, titles=100),
    _Room(open_diffs=False, details=Severity.DESTRUCTIVE, drawings=False, titles=30),
    _Room(open_diffs=False, details=Severity.DESTRUCTIVE, drawings=False, titles=5),
)


def markdown(review: Review, *, limit: int = LIMIT) -> str:
    """The comment.

    If it is too long, details are folded, and then left to the HTML page. No table is cut.
    """
    return _fitting(review, _ROOMS, limit)


def bitbucket(review: Review) -> str:
    """The comment without tags and drawings."""
    rooms = [replace(room, html=False, drawings=False) for room in _ROOMS]
    return _fitting(review, rooms, BITBUCKET_LIMIT)


def _fitting(review: Review, rooms: Sequence[_Room], limit: int) -> str:
    for room in rooms:
        text = _text(review, room)
        most = min(limit, _LONG) if room.open_diffs else limit
        if len(text.encode()) <= most:
            return text
    head = _head(review, rooms[-1])
    return _lines(head, "The details don't fit into a comment: see review.html.")


def _text(review: Review, room: _Room) -> str:
    parts = [_head(review, room)]
    if not review.is_empty:
        parts += [_section(review, section, room) for section in Section]
    else:
        parts += [_title(review, note, room) for note in review.notes]
    if room.details > Severity.FINE:
        parts.append("Some details don't fit into a comment: they are in review.html.")
    return _lines(*parts)


def _lines(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(review: Review, room: _Room) -> str:
    sign, verdict = words.SIGNS[review.severity], words.VERDICTS[review.severity]
    sides = f"{review.base} → {review.head}"
    return _lines(
        f"{MARK if room.html else ''}\n## {sign} {verdict}: infrastructure review".lstrip(),
        "  \n".join(f"**{_plain(line)}**" for line in review.headlines),
        room.small(_plain("; ".join(filter(None, (sides, words.tools(review)))))),
    ).rstrip()


def _section(review: Review, section: Section, room: _Room) -> str:
    found = review.of(section)
    if not found:
        return f"### {section}\n\n{words.unchanged(section, review)}"
    shown = found[: room.titles]
    parts = [f"### {section}", *_blocks(review, shown, room)]
    if len(shown) < len(found):
        parts.append(f"… and {len(found) - len(shown)} more, in review.html.")
    return "\n\n".join(part for part in parts if part)


def _blocks(review: Review, found: Sequence[Finding], room: _Room) -> Iterator[str]:
    for finding in found:
        yield _title(review, finding, room)
        if finding.graph and room.drawings:
            yield from _drawings(finding.graph, room)
        if finding.severity >= room.details:
            yield _table(finding.rows)
            yield _diff(finding, room)


def _drawings(graph: Graph, room: _Room) -> Iterator[str]:
    """The changed states with their neighbors, and the whole drawing folded."""
    near = graph.nearby()
    yield _fence("mermaid", mermaid(near))
    if near != graph:
        whole = _fence("mermaid", mermaid(graph))
        yield room.folded("The whole workflow", whole)


def _title(review: Review, finding: Finding, room: _Room) -> str:
    sign = f"{words.SIGNS[finding.severity]} " if finding.severity else "- "
    title = _plain(finding.title)
    text = f"{sign}**{title}**" if finding.severity else f"{sign}{title}"
    stages = words.where(finding, review)
    text += f" ({_plain(stages)} only)" if stages else ""
    text += f" {room.small(_plain(finding.logical_id))}" if finding.logical_id else ""
    return f"{text}  \n{_prose(finding.why)}" if finding.why else text


def _table(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    if (named := words.as_list(rows)) is not None:
        return "\n".join(_named(name, value) for name, value in named)
    head = "| | before | after |\n| --- | --- | --- |"
    body = (f"| {_plain(name)} | {_cell(old)} | {_cell(new)} |" for name, old, new in rows)
    return "\n".join([head, *body])


def _named(name: str, value: str) -> str:
    if words.is_sentence(value):
        return f"- {_plain(name)}: {_plain(value)}"
    return f"- {_plain(name)} {_cell(value)}".rstrip()


def _cell(value: str) -> str:
    """A value as code on one line, safe from Markdown and mentions."""
    if value in ("—", ""):
        return value
    short = value if len(value) <= _CELL else value[:_CELL] + " …"
    flat = " ".join(short.split()).replace("|", "\\|")
    return f"`` {flat} ``" if "`" in flat else f"`{flat}`"


def _diff(finding: Finding, room: _Room) -> str:
    if not finding.diff:
        return ""
    block = _fence("diff", "\n".join(finding.diff) + "\n")
    if room.open_diffs and len(finding.diff) <= _OPEN_DIFF_LINES:
        return block
    return room.folded(f"{len(finding.diff)} lines", block)


def _fence(language: str, text: str) -> str:
    """A code block whose fence the content can't close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}{fence}"


def _prose(text: str) -> str:
    """Plain text, with code between backticks."""
    parts = text.split("`")
    return "".join(
        f"`{part}`" if number % 2 else _plain(part, ends=True) for number, part in enumerate(parts)
    )


def _plain(text: str, *, ends: bool = False) -> str:
    """Text safe from Markdown, HTML and mentions; ``ends`` keeps blanks at its ends."""
    broken = _LINKED.sub(lambda found: found[0] + _BREAK, text)
    escaped = _SPECIAL.sub(lambda found: f"&#{ord(found[1])};", broken)
    return re.sub(r"\s+", " ", escaped) if ends else " ".join(escaped.split())
