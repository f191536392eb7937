#!/usr/bin/env python3
"""Holds recordings against published descriptions: runs the checker and takes the known gaps out.

    judge.py CHECKER GAPS.toml RECORDING...

What was asked in recordings named practice-* is not judged, only what was answered: those tests ask wrongly on purpose.
Prints the findings that are left, with an example of each, and figures. Exit status 1 when there are any, or when a known gap
met nothing: then it is to be taken out of the list. Needs Python 3.11 and, for the checker, jsonschema."""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tomllib
from urllib.parse import unquote, urlsplit


def pattern(text):
    """A text in which `*` stands for any text."""
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)


class Gap:
    def __init__(self, entry):
        unknown = entry.keys() - {"finding", "path", "recording", "reason"}
        if unknown or not entry.get("reason"):
            sys.exit(f"known gaps: {entry.get('finding')}: {'a reason is missing' if not unknown else unknown}")
        self.entry = entry
        self.parts = [pattern(entry.get(name, "*")) for name in ("finding", "path", "recording")]
        self.met = 0

    def covers(self, *texts):
        return all(part.fullmatch(text) for part, text in zip(self.parts, texts))


def exchanges(recording):
    """Method and address of each exchange, in the checker's order."""
    text = recording.read_text()
    if recording.suffix == ".har":
        found = [entry["request"] for entry in json.loads(text)["log"]["entries"]]
    else:
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
    return [(x["method"], x["url"]) for x in found]


def main():
    checker, gaps_file, *names = sys.argv[1:]
    recordings = [pathlib.Path(name) for name in names]
    gaps = [Gap(entry) for entry in tomllib.loads(pathlib.Path(gaps_file).read_text())["gap"]]
    run = subprocess.run(
        [sys.executable, checker, "--json", "--coverage", *names], stdout=subprocess.PIPE, text=True, check=False
    )
    lines = run.stdout.splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    asked = [(recording, *x) for recording in recordings for x in exchanges(recording)]
    if run.returncode not in (0, 1) or len(told) != len(asked):
        sys.exit(f"the checker stopped early: {len(told)} of {len(asked)} exchanges, status {run.returncode}")

    left, examples, known = collections.Counter(), {}, 0
    for (recording, method, url), line in zip(asked, told):
        for side, kind, text in line["findings"]:
            if side == "request" and recording.name.startswith("practice-"):
                continue
            finding, path = f"{side} {kind}: {text}", unquote(urlsplit(url).path)
            gap = next((gap for gap in gaps if gap.covers(finding, path, recording.name)), None)
            if gap:
                gap.met += 1
                known += 1
            else:
                left[finding] += 1
                examples.setdefault(finding, f"{recording.name}:{line['line']} {method} {path}")

    for finding, times in left.most_common():
        print(f"{times:5}  {finding}\n       {examples[finding]}")
    idle = [gap.entry["finding"] for gap in gaps if not gap.met]
    for finding in idle:
        print(f"known gap that met nothing: {finding}")
    print(f"{len(asked)} exchanges in {len(recordings)} recordings: {sum(left.values())} findings, {known} known gaps")
    print("; ".join(line for line in lines if "described operations" in line))
    sys.exit(1 if left or idle else 0)


main()
