"""Ways to bring data, for tests."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recsys.data.importing.schema import survey
from recsys.data.sources.load import Report, TextForm, validate


def bring(
    content: str | bytes, name: str = "mine.csv", text: TextForm | None = None, **columns: str
) -> Report:
    """Hand over one file, with the columns that were chosen, and return the report."""
    data = content if isinstance(content, bytes) else content.encode()
    found = survey([(name, io.BytesIO(data))], text=text)
    return validate(found, found.choose(columns))


def folder(path: Path, files: dict[str, str | bytes]) -> Report:
    """Write files into a folder, hand it over, and return the report."""
    for name, content in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = survey([("it", path)])
    return validate(found, found.choose({}))


def pairs(report: Report) -> list[tuple[object, str, float]]:
    """Return what can be used, as listener, name and plays."""
    assert report.dataset is not None, report.problem
    known = report.dataset.interactions
    return [
        (known.users[user], known.names[item], value)
        for user, item, value in zip(
            known.user_codes.tolist(), known.item_codes.tolist(), known.values.tolist(), strict=True
        )
    ]


def parquet(table: dict[str, object] | pa.Table) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table(table), content)
    return content.getvalue()


def pack(files: dict[str, str | bytes], link: str = "", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack files into a zip; one of them can be a link."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, file in files.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = method
            if name == link:
                member.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(member, file)
    return content.getvalue()
