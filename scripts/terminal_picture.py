#!/usr/bin/env python3
"""Draws what a terminal shows, for the documents: text on stdin, SVG on stdout.

    tmux capture-pane -p | scripts/terminal_picture.py >docs/images/NAME.svg

Lines after a `$ ` are what was typed.
"""
import html
import sys

COLUMN, LINE, MARGIN = 8.4, 20, 16  # pixels, of a 14-pixel monospaced font
STYLE = ("text{font:14px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d7dde3;white-space:pre}"
         ".typed{fill:#fff;font-weight:bold}")


def draw(lines):
    width = max(map(len, lines)) * COLUMN + 2 * MARGIN
    height = len(lines) * LINE + 2 * MARGIN - LINE / 4
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}">'
    yield f'<style>{STYLE}</style><rect width="100%" height="100%" rx="8" fill="#14202b"/>'
    for number, line in enumerate(lines, 1):
        kind = ' class="typed"' if line.startswith("$ ") else ""
        # Their own length, whatever font stands in for these.
        length = f' textLength="{len(line) * COLUMN:.0f}"' if line else ""
        yield (f'<text{kind} xml:space="preserve" x="{MARGIN}" y="{MARGIN + number * LINE - LINE / 4:.0f}"{length}>'
               f"{html.escape(line)}</text>")
    yield "</svg>"


def main():
    lines = [line.rstrip() for line in sys.stdin.read().rstrip().splitlines()]
    if not lines:
        sys.exit("terminal_picture.py: nothing to draw on stdin")
    print("\n".join(draw(lines)))


main()
