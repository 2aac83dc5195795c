"""The suite proofs, for verify.py: its notation, and what a case asks.

    python3 conformance/check_proofs.py
By itself it changes each bit of a proof, one after another: verify.py must refuse it, save in what a
witness said, which only a signature binds.
"""

import json
import pathlib
import sys

import ledger

# It has whatever a proof can have.
WHOLE = "statements-about-earlier-blocks-this-one-and-later-ones"


def run(path, judge):
    """Runs all cases and says how many hold; 1 where one does not, for the shell."""
    passed = failed = left_out = 0
    for case in json.loads(path.read_text(encoding="utf-8"))["cases"]:
        asked, expected = case["input"], case["expected"]
        recorded = ledger.expand(asked["recorded"]) if "recorded" in asked else None
        found = judge(ledger.expand(asked["proof"]), asked.get("trust"), recorded)[0]
        if expected["verdict"].endswith("signature") and found["verdict"] == "ok":
            left_out += 1
        elif found == expected:
            passed += 1
        else:
            failed += 1
            print(f"{case['name']}: expected {expected}, found {found}")
    print(f"{passed} passed, {failed} failed, {left_out} left out that turn on a signature")
    return 1 if failed else 0


def accepted_bits(proof, judge):
    """The changed bits with which the proof is accepted all the same."""
    content, accepted = bytearray(proof), []
    for place in range(8 * len(content)):
        content[place >> 3] ^= 1 << (place & 7)
        if judge(bytes(content))[0]["verdict"] == "ok":
            accepted.append(place)
        content[place >> 3] ^= 1 << (place & 7)
    return accepted


def main():
    import verify

    suite = pathlib.Path(__file__).with_name("proofs.json")
    cases = json.loads(suite.read_text(encoding="utf-8"))["cases"]
    proof = next(ledger.expand(case["input"]["proof"]) for case in cases if case["name"] == WHOLE)
    statements = proof.index(b'"statements":')
    accepted = accepted_bits(proof, verify.judge)
    wrong = [place for place in accepted if place >> 3 < statements]
    print(f"{8 * len(proof)} bits changed, {len(accepted)} accepted in statements, {len(wrong)} elsewhere")
    # Somebody who checks no signatures accepts some; without any nothing would have been tried.
    return 1 if wrong or not accepted else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
