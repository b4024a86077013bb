"""The colours of the book, one role each, for light and dark paper.

Queries are blue, keys orange, values green and outputs purple in every picture. The hues stay apart
for colour-blind readers, and no picture tells two things apart by colour alone.
"""

QUERY = "#0b6fb8"
KEY = "#b85c00"
VALUE = "#00795f"
OUTPUT = "#9a3b8c"
INK = "#1d2733"
GRID = "#d5dae1"
PAPER = "#ffffff"

LIGHT = {
    "query": QUERY,
    "key": KEY,
    "value": VALUE,
    "output": OUTPUT,
    "ink": INK,
    "grid": GRID,
    "paper": PAPER,
}
DARK = {
    "query": "#5ab0f2",
    "key": "#f0a04b",
    "value": "#3fc3a0",
    "output": "#e08fd2",
    "ink": "#e6e9ee",
    "grid": "#3a4350",
    "paper": "#14181e",
}
