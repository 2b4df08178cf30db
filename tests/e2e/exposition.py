"""Prometheus' text format, version 0.0.4, read strictly: what is merely tolerated fails here."""

import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
HELP = re.compile(rf"# HELP ({NAME}) (.+)")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram)")
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
PARTS = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


class Family:
    def __init__(self, name, help_text):
        self.name, self.help, self.kind = name, help_text, None
        self.samples = {}  # (suffix, labels as a sorted tuple) -> value


def labels_of(text):
    labels, at = [], 0
    while at < len(text):
        found = LABEL.match(text, at)
        assert found, f"not a label: {text[at:]}"
        labels.append(found.groups())
        at = found.end()
    assert text[-1:] != ",", text
    names = [name for name, _ in labels]
    assert len(set(names)) == len(names), f"a label stands twice: {text}"
    return tuple(sorted(labels))


def parse(text):
    """Name -> Family. Every line is HELP, TYPE, or a sample of the family above it."""
    assert text.endswith("\n") and "\r" not in text
    families, family = {}, None
    for line in text[:-1].split("\n"):
        if found := HELP.fullmatch(line):
            assert found[1] not in families, f"{found[1]} comes twice"
            family = families[found[1]] = Family(*found.groups())
        elif found := TYPE.fullmatch(line):
            assert found[1] == family.name and family.kind is None and not family.samples, line
            family.kind = found[2]
        else:
            found = SAMPLE.fullmatch(line)
            assert found and family.kind, f"no sample: {line}"
            suffix = found[1].removeprefix(family.name)
            assert found[1].startswith(family.name) and suffix in PARTS[family.kind], line
            key = (suffix, labels_of(found[2] or ""))
            assert key not in family.samples, f"twice: {line}"
            family.samples[key] = float(found[3])
    for one in families.values():
        check(one)
    return families


def check(family):
    assert family.samples, f"{family.name} has no sample"
    if family.kind == "histogram":
        check_histogram(family)
    for value in family.samples.values():
        assert not math.isnan(value)
        assert family.kind == "gauge" or value >= 0


def check_histogram(family):
    buckets = [(float(dict(labels)["le"]), value)
               for (suffix, labels), value in family.samples.items() if suffix == "_bucket"]
    assert buckets == sorted(buckets), f"the buckets of {family.name} do not rise"
    assert buckets[-1] == (math.inf, family.samples["_count", ()]), family.name
    assert ("_sum", ()) in family.samples
