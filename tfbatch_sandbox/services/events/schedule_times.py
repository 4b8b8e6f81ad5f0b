"""Computes when a schedule is due: ``rate(…)``, ``at(…)`` and ``cron(…)``.

Source: EventBridge Scheduler user guide, "Schedule types".
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_AT: Final = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_CRON: Final = re.compile(r"cron\(([^)]*)\)")
_FIELDS: Final = 6
_DAYS_AHEAD: Final = 366 * 5
_MONTHS: Final = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS: Final = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_YEARS: Final = (1970, 2199)
_WEEK: Final = 7
_SATURDAY: Final = 5


class ScheduleError(ValueError):
    """An expression that the Scheduler would refuse."""


def next_time(expression: str, *, zone: str, created: datetime, after: datetime) -> datetime | None:
    """The first time after ``after`` at which a schedule is due.

    Args:
        expression: as for CreateSchedule.
        zone: its time zone, ``Europe/Paris``; unused for a rate.
        created: when it was created, from which a rate counts.
        after: with a time zone.

    Returns:
        The time in UTC; ``None`` if there is none left.

    Raises:
        ScheduleError: the expression is invalid.
    """
    if match := _RATE.fullmatch(expression):
        every = timedelta(**{f"{match[2]}s": int(match[1])})
        return created + every * ((after - created) // every + 1)
    if match := _AT.fullmatch(expression):
        due = datetime.fromisoformat(match[1]).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        return due if due > after else None
    if match := _CRON.fullmatch(expression):
        return _Cron.of(match[1]).after(after.astimezone(ZoneInfo(zone)))
    raise ScheduleError(f"Invalid Schedule Expression {expression}.")


@dataclass(frozen=True, slots=True)
class _Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    month_days: str
    months: frozenset[int]
    week_days: str
    years: frozenset[int]

    @classmethod
    def of(cls, text: str) -> _Cron:
        fields = text.split()
        if len(fields) != _FIELDS or (fields[2] == "?") == (fields[4] == "?"):
            raise ScheduleError(f"Invalid Schedule Expression cron({text}).")
        minutes, hours, month_days, months, week_days, years = fields
        return cls(
            minutes=_values(minutes, 0, 59),
            hours=_values(hours, 0, 23),
            month_days=month_days,
            months=_values(months, 1, 12, _MONTHS),
            week_days=week_days,
            years=_values(years, *_YEARS),
        )

    def after(self, moment: datetime) -> datetime | None:
        for ahead in range(_DAYS_AHEAD):
            day = moment.date() + timedelta(days=ahead)
            if day.month in self.months and day.year in self.years and self._is_day(day):
                due = self._first(day, moment)
                if due is not None:
                    return due
        return None

    def _first(self, day: date, moment: datetime) -> datetime | None:
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                local = datetime.combine(day, time(hour, minute), tzinfo=moment.tzinfo)
                due = local.astimezone(UTC)
                exists = due.astimezone(moment.tzinfo).replace(tzinfo=None) == local.replace(
                    tzinfo=None
                )  # not in the hour that daylight saving time skips
                if exists and due > moment:
                    return due
        return None

    def _is_day(self, day: date) -> bool:
        if self.week_days == "?":
            return _is_month_day(self.month_days, day)
        return any(_is_week_day(part, day) for part in self.week_days.split(","))


def _is_month_day(field: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if field == "L":
        return day.day == last
    if field.endswith("W"):
        return day.day == _nearest_weekday(day, last if field == "LW" else int(field[:-1]), last)
    return day.day in _values(field, 1, 31)


def _nearest_weekday(day: date, number: int, last: int) -> int:
    """The weekday of the month that is nearest to its ``number``-th day."""
    wanted = min(number, last)
    steps = (0, -1, 1, -2, 2)
    days = [wanted + step for step in steps if 1 <= wanted + step <= last]
    return next(each for each in days if day.replace(day=each).weekday() < _SATURDAY)


def _is_week_day(field: str, day: date) -> bool:
    number = day.isoweekday() % _WEEK + 1  # Sunday is 1
    if "#" in field:
        wanted, _, which = field.partition("#")
        return number in _values(wanted, 1, 7, _DAYS) and (day.day - 1) // _WEEK + 1 == int(which)
    if field.endswith("L") and field != "L":
        is_last = (day + timedelta(days=_WEEK)).month != day.month
        return is_last and number in _values(field[:-1], 1, 7, _DAYS)
    return number in _values("7" if field == "L" else field, 1, 7, _DAYS)


def _values(
    field: str, low: int, high: int, names: Mapping[str, int] | None = None
) -> frozenset[int]:
    """The numbers of a field: ``*``, ``1,3``, ``MON-FRI``, ``0/15``, ``8-18/2``."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, end = span.partition("-")
        start = low if first == "*" else _number(first, names, field)
        stop = _number(end, names, field) if dash else start
        if first == "*" or (step and not dash):
            stop = high
        found.update(range(start, stop + 1, _number(step, None, field) if step else 1))
    if not found or not found <= set(range(low, high + 1)):
        raise ScheduleError(f"Invalid Schedule Expression: {field} is not within {low}-{high}.")
    return frozenset(found)


def _number(text: str, names: Mapping[str, int] | None, field: str) -> int:
    if names and text.upper() in names:
        return names[text.upper()]
    if not text.isdecimal():
        raise ScheduleError(f"Invalid Schedule Expression: {field} has {text!r}.")
    return int(text)
