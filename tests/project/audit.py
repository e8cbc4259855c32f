"""Ask whether what the app installs has known vulnerabilities: `python tests/project/audit.py`.

It is part of `make test`. A vulnerability fails; that no database could be reached is said and does not.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
OSV = "https://api.osv.dev/v1/query"
# Who is asked, one after the other until one knows: pip-audit's names for them.
SERVICES = (("osv", "--osv-url", OSV), ("pypi",))


def wanted(file: Path) -> list[Requirement]:
    """Read a requirements file, and those that it names."""
    found = []
    for line in file.read_text().splitlines():
        line = line.split("#")[0].strip()
        if line.startswith("-r "):
            found += wanted(file.parent / line[3:].strip())
        elif line:
            found.append(Requirement(line))
    return found


def installed(requirements: Iterable[Requirement]) -> list[str]:
    """Return `name==version` of what is installed for these requirements, and of what that needs in turn."""
    pins: dict[str, str] = {}
    seen, waiting = set(), [requirement for requirement in requirements if _holds(requirement, ())]
    while waiting:
        requirement = waiting.pop()
        if (key := (requirement.name.lower(), frozenset(requirement.extras))) in seen:
            continue
        seen.add(key)
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:
            continue
        name = re.sub(r"[-_.]+", "-", found.name).lower()
        pins[name] = f"{name}=={found.version}"
        needs = map(Requirement, found.requires or [])
        waiting += [need for need in needs if _holds(need, requirement.extras)]
    return sorted(pins.values())


def _holds(requirement: Requirement, extras: Iterable[str]) -> bool:
    return requirement.marker is None or any(
        requirement.marker.evaluate({"extra": extra}) for extra in (*extras, "")
    )


def audit(pins: Sequence[str], services: Sequence[Sequence[str]] = SERVICES) -> tuple[bool, str]:
    """Return whether no vulnerability is known of these packages, and what to say.

    That is also so where no service answers: then the words say that nothing was checked.
    """
    for service in services:
        told = _ask(pins, service)
        checked = [package for package in told if "vulns" in package]
        if not checked:
            continue
        bad = [
            f"  {package['name']} {package['version']}: {fault['id']}"
            f" (mended in {', '.join(fault['fix_versions']) or 'no version yet'})"
            for package in checked
            for fault in package["vulns"]
        ]
        if bad:
            return False, "\n".join(["Known vulnerabilities in what the app installs:", *bad])
        unknown = len(pins) - len(checked)
        return True, (
            f"No vulnerability is known of {len(checked)} packages that the app installs ({service[0]})"
            + (f"; of {unknown} more nothing could be learned." if unknown else ".")
        )
    return True, (
        "Not checked: no service for known vulnerabilities could be reached, "
        f"so nothing is known of {len(pins)} packages."
    )


def _ask(pins: Sequence[str], service: Sequence[str]) -> list[dict]:
    """Return what pip-audit found out about each package; nothing if the service does not answer."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pins.txt"
        file.write_text("\n".join(pins))
        options = ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
        answer = subprocess.run(
            [sys.executable, "-m", "pip_audit", "-r", file, *options, "--timeout", "10", "-s", *service],
            capture_output=True,
            text=True,
        )
    try:
        return json.loads(answer.stdout)["dependencies"]
    except (ValueError, KeyError):
        return []


def main() -> int:
    """Audit the requirements of the app, or a file of pins; 1 if a vulnerability is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pins", type=Path, help="a file of `name==version` lines in place of the app")
    file = parser.parse_args().pins
    pins = installed(wanted(ROOT / "requirements-signin.txt")) if file is None else file.read_text().split()
    fine, words = audit(pins)
    print(words, file=sys.stdout if fine else sys.stderr)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
