#!/usr/bin/env python3
"""Writes holidays.txt: the public holidays of every country that the Python package `holidays` knows.

Run it once a year, or when a government has moved a day, and commit what it writes:

    pip install --upgrade holidays && python3 src/domain/schedule/write_holidays.py

A line is a country (ISO 3166), a year, and the days as MMDD. Holidays of single regions are left out.
"""

from importlib.metadata import version
from pathlib import Path

import holidays

YEARS = range(2024, 2041)


def main() -> None:
    lines = [f"# Written by write_holidays.py from the Python package holidays {version('holidays')} (MIT)."]
    for country in sorted(holidays.list_supported_countries(include_aliases=False)):
        if len(country) != 2:
            continue
        for year in YEARS:
            days = sorted(holidays.country_holidays(country, years=year))
            days = [f"{day:%m%d}" for day in days if day.year == year]
            if days:
                lines.append(" ".join([f"{country}{year}", *days]))
    Path(__file__).with_name("holidays.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
