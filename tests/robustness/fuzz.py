"""Tries the properties of tests/robustness/test_fuzzing.py for long: `make fuzz`.

`python -m tests.robustness.fuzz 20000` draws so many inputs for each, and goes on after one that fails. With a name
behind it only that one is tried; `--coverage SECONDS` instead lets atheris look for inputs that reach code
that none reached before, where it is installed (`pip install atheris`).
"""

from __future__ import annotations

import sys
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import hypothesis

hypothesis.settings.register_profile(
    "fuzz",
    max_examples=int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 20_000,
    deadline=None,
    database=None,
    report_multiple_bugs=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.load_profile("fuzz")


def properties() -> dict[str, Any]:
    from tests.robustness import test_fuzzing

    return {name: test for name, test in vars(test_fuzzing).items() if name.startswith("test_")}


def counted(test: Any) -> list[int]:
    """Count how often a property is tried."""
    inner: Callable[..., None] = test.hypothesis.inner_test
    tried = [0]

    def count(*given: Any, **named: Any) -> None:
        tried[0] += 1
        inner(*given, **named)

    test.hypothesis.inner_test = count
    return tried


def try_all(only: str) -> int:
    failed = whole = 0
    began = time.monotonic()
    for name, test in properties().items():
        if only not in name:
            continue
        tried, started = counted(test), time.monotonic()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                test()
        except Exception:
            failed += 1
            traceback.print_exc()
        whole += tried[0]
        print(f"{name}: {tried[0]:,} inputs in {time.monotonic() - started:,.0f} s", flush=True)
    print(f"{whole:,} inputs in {time.monotonic() - began:,.0f} s; {failed} of the properties failed")
    return min(failed, 1)


def look_for_coverage(seconds: str, only: str) -> None:
    import atheris  # type: ignore[import-not-found, unused-ignore]

    # what numba compiles must stay as it is
    with atheris.instrument_imports(include=["recsys"], exclude=["recsys.kernels", "recsys.kernels.simd"]):
        test = next(test for name, test in properties().items() if only in name)
    atheris.Setup(
        [sys.argv[0], f"-max_total_time={seconds}", "-rss_limit_mb=4096"], test.hypothesis.fuzz_one_input
    )
    atheris.Fuzz()


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["--coverage"]:
        look_for_coverage(words[1], words[2] if len(words) > 2 else "test_a_file")
    else:
        sys.exit(try_all(next((word for word in words if not word.isdigit()), "")))
