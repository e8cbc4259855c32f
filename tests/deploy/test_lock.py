"""Locked requirements of the container: the versions of `constraints.txt`, each file by its hash."""

import re

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT


def locked():
    text = (ROOT / "deploy" / "requirements.lock").read_text("utf-8").replace("\\\n", " ")
    for line in filter(None, text.splitlines()):
        requirement, *hashes = re.split(r"\s+--hash=", line)
        yield Requirement(requirement), hashes


def pinned(name):
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]


def test_each_package_has_hashes_and_the_version_that_is_tested():
    versions = {canonicalize_name(row.name): str(row.specifier) for row in pinned("constraints.txt")}
    for requirement, hashes in locked():
        assert hashes
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", known) for known in hashes)
        (clause,) = requirement.specifier
        assert clause.operator == "=="
        # what is not pinned is installed on Windows alone
        windows = {"sys_platform": "win32", "platform_python_implementation": "CPython"}
        if requirement.marker is None or not requirement.marker.evaluate(windows):
            assert str(requirement.specifier) == versions[canonicalize_name(requirement.name)], (
                "run: make lock"
            )


def test_all_that_the_app_asks_for_is_locked():
    names = {canonicalize_name(requirement.name) for requirement, _ in locked()}
    wanted = [*pinned("requirements.txt"), *pinned("requirements-signin.txt")]
    assert {canonicalize_name(requirement.name) for requirement in wanted} <= names, "run: make lock"
