"""Where the benchmarks write their tables: between two marks of a page."""

from pathlib import Path


def fill(page: Path, marker: str, text: str) -> None:
    """Replace what stands between the two marks of this name in a Markdown file.

    Raises
    ------
    SystemExit
        If the file has no such marks.
    """
    before, begin, rest = page.read_text("utf-8").partition(f"<!-- {marker} -->\n")
    _, end, after = rest.partition(f"<!-- /{marker} -->")
    if not (begin and end):
        raise SystemExit(f"{page} has no marks to put the table between.")
    page.write_text(f"{before}{begin}{text}\n{end}{after}", "utf-8")
