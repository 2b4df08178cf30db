"""Ties a test to the rule it proves, a sentence with its clause first (see `--collect-only`)."""

import pytest

import wire

OLD = (wire.V311, )
NEW = (wire.V5, )
BOTH = (wire.V311, wire.V5)
ALL = (wire.V31, wire.V311, wire.V5)

VERSION_NAMES = {wire.V31: "3.1", wire.V311: "3.1.1", wire.V5: "5.0"}


def rule(sentence, versions=BOTH):
    """The test runs once for each version, its argument; the sentence becomes part of its name."""
    names = [f"{sentence} ({VERSION_NAMES[version]})" for version in versions]
    return pytest.mark.parametrize("version", versions, ids=names)
