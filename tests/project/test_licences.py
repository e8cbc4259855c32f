"""Licences of all that the app installs: each allows use in an MIT project."""

import json
import re
from importlib.metadata import distribution

from packaging.requirements import Requirement

from tests.conftest import ROOT
from tests.project.audit import installed, wanted
from tests.project.sbom import document

# Permissive, or copyleft by file (MPL) as of a library that is used unchanged.
ALLOWED = re.compile(
    r"\b(MIT|MIT-0|BSD|0BSD|BSD-\d-Clause|Apache|Apache-2\.0|ISC|PSF|PSF-2\.0|Python Software Foundation|MPL|MPL-2\.0|"
    r"Mozilla Public License 2\.0|Unlicense|Zlib|CC0-1\.0|HPND|MIT-CMU)\b"
)
FORBIDDEN = re.compile(
    r"\b(AGPL|SSPL|BUSL|Commons Clause|GNU Affero|GPL-[23]\.0-only(?! WITH))", re.IGNORECASE
)


def licence(name: str) -> str:
    about = distribution(name).metadata
    classified = [line for line in about.get_all("Classifier", []) if line.startswith("License ::")]
    return " ".join(filter(None, [about.get("License-Expression"), *classified, about.get("License")]))


def test_every_dependency_has_a_licence_that_allows_its_use():
    requirements: list[Requirement] = [
        *wanted(ROOT / "requirements.txt"),
        *wanted(ROOT / "requirements-signin.txt"),
    ]
    names = {pin.partition("==")[0] for pin in installed(requirements)}
    assert len(names) > 40
    told = {name: licence(name) for name in names}
    refused = {name: text[:200] for name, text in told.items() if not ALLOWED.search(text[:2000])}
    assert refused == {}
    assert {name: text[:200] for name, text in told.items() if FORBIDDEN.search(text[:300])} == {}


def test_the_bill_of_materials_names_every_dependency_with_its_version():
    bill = json.loads(document())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    pins = set(installed([*wanted(ROOT / "requirements.txt"), *wanted(ROOT / "requirements-signin.txt")]))
    assert {f"{part['name']}=={part['version']}" for part in bill["components"]} == pins
    assert all(part["purl"].startswith("pkg:pypi/") for part in bill["components"])
