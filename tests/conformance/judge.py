#!/usr/bin/env python3
"""Holds recordings against published descriptions: runs the checker and takes the known gaps out.

    judge.py CHECKER GAPS.toml RECORDING...

What was asked in recordings named practice-* is not judged, only what was answered: those tests ask wrongly on purpose.
A recording named terminal-* may be cut off, since its program may be killed; it is judged up to its last whole exchange.
Exchanges that are alike, word for word but for ports, ids and times of each call, are given to the checker once.
Prints the findings that are left, with an example of each, and figures. Exit status 1 when there are any, or when a known gap
met nothing: then it is to be taken out of the list. Needs Python 3.11 and, for the checker, jsonschema."""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile
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
    """The exchanges of a recording, as they stand in it."""
    text = recording.read_text(errors="replace")
    if recording.suffix != ".har":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    try:
        return json.loads(text)["log"]["entries"]
    except ValueError as error:
        if not recording.name.startswith("terminal-"):
            sys.exit(f"{recording.name} is not whole: {error}")
    # Every entry is a line of its own, which begins after the head and ends with a comma unless it is the last one.
    whole = []
    for line in text.split("\n")[1:]:
        try:
            whole.append(json.loads(line.removesuffix(",")))
        except ValueError:
            break
    print(f"{recording.name} is cut off: judged up to its last whole exchange, of {len(whole)}")
    return whole


def asked(exchange):
    """Method and address."""
    asked = exchange if "url" in exchange else exchange["request"]
    return asked["method"], asked["url"]


# What differs between two calls or runs that are alike: ids and times of a call, and the port of a practice cloud.
PASSING = re.compile(
    r'"(?:client-request-id|request-id|date|timestamp|trace_id|correlation_id)": ?"[^"]*"'
    r"|(?:Trace ID|Correlation ID|Timestamp): [-0-9a-f:TZ ]+"
    r"|(?<=127\.0\.0\.1:)\d+|(?<=localhost:)\d+",
    re.IGNORECASE,
)


def lasting(body):
    """A body as text without all that, the answers of a batch in the order of their ids."""
    text = PASSING.sub("", body if isinstance(body, str) else json.dumps(body))
    if text.startswith('{"responses":['):
        try:
            answers = json.loads(re.sub(r",,+", ",", re.sub(r"([{\[]),+|,+([}\]])", r"\1\2", text)))
            return json.dumps(sorted(answers["responses"], key=lambda answer: answer["id"]))
        except (ValueError, KeyError):
            pass
    return text


def likeness(exchange):
    """All of an exchange that the checker looks at. What is alike in this is judged alike."""
    request, response = exchange["request"], exchange["response"]
    parts = [*asked(exchange), exchange.get("status", response.get("status"))]
    for half in (request, response):
        headers = half["headers"] or {}
        pairs = headers.items() if isinstance(headers, dict) else [(h["name"], h["value"]) for h in headers]
        looked_at = {"authorization", "cache-control", "content-type"}
        parts += sorted(f"{name}: {value}" for name, value in pairs if name.lower() in looked_at)
    for body in (request.get("postData", request.get("body")), response.get("content", response.get("body"))):
        # In HAR a body has its type beside it, and its size.
        har = isinstance(body, dict) and "mimeType" in body
        parts += [body["mimeType"], lasting(body.get("text", ""))] if har else [lasting(body)]
    return PASSING.sub("", json.dumps(parts))


def judged(checker, kinds):
    """What the checker says of exchanges, a list for each of HAR and JSON lines, in their order; and its figures."""
    hars, lines = kinds
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder, name) for name in ("all.har", "all.jsonl")]
        files[0].write_text(json.dumps({"log": {"entries": hars}}))
        files[1].write_text("".join(json.dumps(x) + "\n" for x in lines))
        run = subprocess.run(
            [sys.executable, checker, "--json", "--coverage", *files], stdout=subprocess.PIPE, text=True, check=False
        )
    said = run.stdout.splitlines()
    told = [json.loads(line)["findings"] for line in said if line.startswith("{")]
    if run.returncode not in (0, 1) or len(told) != len(hars) + len(lines):
        wanted = len(hars) + len(lines)
        sys.exit(f"the checker stopped early: {len(told)} of {wanted} exchanges, status {run.returncode}")
    return [told[: len(hars)], told[len(hars) :]], "; ".join(line for line in said if "described operations" in line)


def main():
    checker, gaps_file, *names = sys.argv[1:]
    recordings = [pathlib.Path(name) for name in names]
    gaps = [Gap(entry) for entry in tomllib.loads(pathlib.Path(gaps_file).read_text())["gap"]]
    # Each kind of exchange once, and where it stands.
    kinds, places, met = ([], []), {}, []
    for recording in recordings:
        kind = recording.suffix != ".har"
        for number, exchange in enumerate(exchanges(recording), 1):
            like = kind, likeness(exchange)
            if like not in places:
                places[like] = len(kinds[kind])
                kinds[kind].append(exchange)
            met.append((recording, number, *asked(exchange), kind, places[like]))
    told, figures = judged(checker, kinds)

    left, examples, known = collections.Counter(), {}, 0
    for recording, number, method, url, lines, place in met:
        findings = told[lines][place]
        for side, kind, text in findings:
            if side == "request" and recording.name.startswith("practice-"):
                continue
            finding, path = f"{side} {kind}: {text}", unquote(urlsplit(url).path)
            gap = next((gap for gap in gaps if gap.covers(finding, path, recording.name)), None)
            if gap:
                gap.met += 1
                known += 1
            else:
                left[finding] += 1
                examples.setdefault(finding, f"{recording.name}:{number} {method} {path}")

    for finding, times in left.most_common():
        print(f"{times:5}  {finding}\n       {examples[finding]}")
    idle = [gap.entry["finding"] for gap in gaps if not gap.met]
    for finding in idle:
        print(f"known gap that met nothing: {finding}")
    count = f"{len(met)} exchanges of {len(places)} kinds in {len(recordings)} recordings"
    print(f"{count}: {sum(left.values())} findings, {known} known gaps")
    print(figures)
    sys.exit(1 if left or idle else 0)


main()
