"""Encoding of a text file: found out from all of its bytes, or guessed."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer

from recsys.errors import InputError

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-32": "UTF-32",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp1252": "Windows-1252 (Western European)",
    "latin-1": "Latin-1 (ISO 8859-1)",
    "cp1250": "Windows-1250 (Central European)",
    "iso8859_2": "Latin-2 (ISO 8859-2)",
    "mac_roman": "Mac Roman",
    "cp850": "DOS (850)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "koi8_r": "KOI8-R (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp932": "Shift-JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "euc_kr": "EUC-KR (Korean)",
}
CHUNK = 1 << 20
PUNCTUATION = set(b"\x85\x91\x92\x93\x94\x96\x97\x99\xa0")  # of Windows-1252
ONE_LETTER = re.compile(r"(?<![\w\x80-\uffff])\w(?![\w\x80-\uffff])")  # a word like "à" shows no alphabet


# signs of Windows-1252 beside letters: letters of Central Europe in their places
SIGN_IN_WORD = re.compile(
    r"(?<=[^\W\d_])[\xa3\xa6\xaf\xb1\xb3\xb6\xb9\xbc\xbe\xbf](?=[^\W\d_])|(?<!\w)[\xa3\xa6\xaf\xb1\xb6](?=[a-z])"
)


@dataclass(frozen=True)
class Facts:
    """Encoding and other facts found from all bytes of a file.

    Attributes
    ----------
    encoding : str
        Found out, or guessed where `guessed`.
    quotes, uneven, wrong : bool
        Whether it has quotation marks, line ends of CR alone or of several kinds, and bytes that its encoding cannot
        have.
    longest : int
        Bytes of the longest line, where that is known.
    """

    encoding: str
    guessed: bool
    quotes: bool
    uneven: bool
    wrong: bool
    longest: int = 0


def look(path: Path, name: str, encoding: str | None) -> Facts:
    """Look at all bytes of a file.

    Raises
    ------
    InputError
        If it is no text, or has a NUL in it.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    characters = wrong = lines = longest = since = returns = pairs = 0
    quotes = split = False
    foreign = bytearray()
    with path.open("rb") as stream:
        start = stream.read(4096)
        wide = _two_bytes(start)
        if wide or (encoding or "").startswith(("utf-16", "utf-32")):
            return Facts(encoding or wide, False, True, True, True)
        chunk = start
        while chunk:
            if b"\0" in chunk:
                line = lines + chunk[: chunk.index(b"\0")].count(b"\n") + 1
                if _is_binary(start) or chunk.count(0) > 0.1 * len(chunk):
                    raise InputError(
                        f"{name} is not text, and not Parquet. Bring a CSV, Parquet or JSON file."
                    )
                raise InputError(f"{name} has a NUL character in line {line:,}. Take it out.")
            quotes = quotes or b'"' in chunk
            if split or b"\r" in chunk:
                returns += chunk.count(b"\r")
                pairs += chunk.count(b"\r\n") + (split and chunk.startswith(b"\n"))
                split = chunk.endswith(b"\r")
            if not chunk.isascii():
                text = decoder.decode(chunk)
                characters += len(text) - len(text.encode("ascii", "ignore"))
                wrong += text.count("\N{REPLACEMENT CHARACTER}")
                if len(foreign) < 64 << 10:
                    foreign += b"\n".join(line for line in chunk.split(b"\n") if not line.isascii()) + b"\n"
            ends = chunk.find(b"\n")
            longest = max(longest, since + (ends if ends >= 0 else len(chunk)))
            since = len(chunk) - chunk.rindex(b"\n") if ends >= 0 else since + len(chunk)
            lines += chunk.count(b"\n")
            chunk = stream.read(CHUNK)
    if _is_binary(start):
        raise InputError(f"{name} is not text, and not Parquet. Bring a CSV, Parquet or JSON file.")
    uneven = returns > pairs or 0 < pairs < lines
    if encoding:
        return Facts(encoding, False, quotes, uneven, encoding != "utf-8" or wrong > 0, longest)
    if wrong * 2 <= characters:
        return Facts("utf-8", False, quotes, uneven, wrong > 0, longest)
    return Facts(_guess(bytes(foreign[: 64 << 10])), True, quotes, uneven, True, longest)


def _two_bytes(start: bytes) -> str:
    """Return which UTF-16 or UTF-32 a text is in, if it is in one."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start:
        for place, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            half = start[place::2]
            if half.count(0) > 0.4 * len(half) and start.count(0) < 0.6 * len(start):
                return encoding
    return ""


def _is_binary(start: bytes) -> bool:
    controls = len(start) - len(start.translate(None, bytes([*range(2, 9), *range(14, 27), *range(28, 32)])))
    return controls > 0.02 * len(start)


def _guess(lines: bytes) -> str:
    """Guess the encoding of lines that are no UTF-8."""
    western = lines.decode("cp1252", "replace")
    high = [byte for byte in lines if byte > 127 and byte not in PUNCTUATION]
    words = [word for word in re.findall(r"\w+", ONE_LETTER.sub("", western)) if not word.isascii()]
    foreign = sum(not letter.isascii() for word in words for letter in word)
    signs = SIGN_IN_WORD.findall(western)
    if len(signs) > 1 and len(signs) * 5 > len(words):
        return "cp1250" if re.search(rb"[\x8a-\x8f\x9a-\x9f]", lines) else "iso8859_2"
    if "\ufffd" not in western and foreign * 2 <= sum(map(len, words)):
        between = re.search(rb"[A-Za-z][\x80-\x9f][A-Za-z]", lines)
        return "mac_roman" if between and all(byte < 0xA0 for byte in high) else "cp1252"
    if len(high) > 3:
        found = charset_normalizer.from_bytes(lines, cp_isolation=[*ENCODINGS][5:]).best()
        if found is not None and found.encoding in ENCODINGS:
            return str(found.encoding)
    return "latin-1" if "\ufffd" in western else "cp1252"


def rewritten(path: Path, target: Path, facts: Facts) -> None:
    """Copy a text in UTF-8 with line feeds; what cannot be decoded becomes U+FFFD.

    Raises
    ------
    InputError
        If it is not in this encoding at all.
    """
    encoding = "utf-8-sig" if facts.encoding == "utf-8" else facts.encoding
    try:
        with (
            path.open(encoding=encoding, errors="replace") as source,
            target.open("w", encoding="utf-8", newline="\n") as copy,
        ):
            while text := source.read(CHUNK):
                copy.write(text.encode("utf-8", "replace").decode())
    except (UnicodeError, LookupError) as error:  # UTF-16 without the mark that says in which order
        raise InputError("The text is not in this encoding. Choose another one.") from error
