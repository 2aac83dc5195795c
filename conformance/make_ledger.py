#!/usr/bin/env python3
"""Makes the inputs of the suites of ledger chains: signs, mines, and writes the files.

    python3 conformance/make_ledger.py && kusari --conformance all --update

The same bytes come out each time. What kusari expects is not known here: `--update` writes it. The
keys are no secrets. Needs Python 3 and nothing else, and some seconds for the proofs of work.
"""

import json
import pathlib
import sys

sys.dont_write_bytecode = True

import make_ledger_cases as cases
import make_ledger_lines as lines

ABOUT = {
    "ledger-bytes": "What follows from bytes alone on a ledger chain: ids, roots, targets, times, "
    "what is signed, and addresses. Numbers are little-endian in `bytes`, which are in hexadecimal.",
    "ledger-lines": "One line in on the ledger chain whose id is `chain`, without its newline: what "
    "it means and how it is written, or the code of the error.",
    "ledger-pool": "Transactions that are offered to a node, one after another, and which of them "
    "wait in the end.",
    "ledger-blocks": "Whole blocks that arrive at a node that has nothing but the genesis block, one "
    "after another, or headers that are to follow on it.",
}


def main():
    directory = pathlib.Path(__file__).parent
    for suite, made in {**cases.suites(), "ledger-lines": lines.cases()}.items():
        path = directory / f"{suite}.json"
        old = json.loads(path.read_text(encoding="utf-8"))["cases"] if path.exists() else []
        known = {case["name"]: case for case in old}
        for case in made:
            before = known.get(case["name"], {})
            if before.get("input") == case["input"] and "expected" in before:
                case["expected"] = before["expected"]
        file = {"suite": suite, "about": ABOUT[suite], "cases": made}
        path.write_text(json.dumps(file, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        print(f"{suite:14} {len(made)} cases")


if __name__ == "__main__":
    main()
