"""Write a bill of materials (CycloneDX 1.6) of what the app installs: `python -m tests.project.sbom > sbom.json`."""

from __future__ import annotations

import sys
from importlib.metadata import distribution

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from recsys import __version__
from tests.project.audit import ROOT, installed, wanted


def document() -> str:
    """Return the bill as JSON."""
    bom = Bom()
    bom.metadata.component = Component(name="encore", version=__version__, type=ComponentType.APPLICATION)
    for pin in sorted(
        installed([*wanted(ROOT / "requirements.txt"), *wanted(ROOT / "requirements-signin.txt")])
    ):
        name, _, version = pin.partition("==")
        about = distribution(name).metadata
        licence = about.get("License-Expression") or (about.get("License") or "").partition("\n")[0][:100]
        bom.components.add(
            Component(
                name=name,
                version=version,
                type=ComponentType.LIBRARY,
                purl=PackageURL("pypi", name=name.lower(), version=version),
                licenses=[DisjunctiveLicense(name=licence)] if licence else [],
            )
        )
    bom.register_dependency(bom.metadata.component, bom.components)
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)


if __name__ == "__main__":
    sys.stdout.write(document())
