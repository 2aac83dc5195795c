#!/usr/bin/env python3
"""Makes the suite proofs: signs, mines, and writes the file with what is expected of each case.

    python3 conformance/make_proofs.py

The same bytes come out each time. What is expected follows from how a case is made, so whoever
checks proofs is held to it. The keys are no secrets. Needs Python 3 and nothing else, and less than
a minute for the proofs of work.
"""

import json
import pathlib
import sys

sys.dont_write_bytecode = True

import ledger as l
from make_ledger_cases import SMALL_ORDER, TORSION, with_large_s
from make_ledger_tools import A, B, C, ZERO, entry
from make_proofs_cases import broken, consistency, forms
from make_proofs_tools import CHAIN, Chain, work, written

ABOUT = (
    "A proof file, or a file of consistency, and what comes of it: `ok` with the block's hash and the "
    "work shown, or the code of the first step that fails. docs/formats/proof.md has the form, the "
    "steps and the codes. `trust` is the hash of a block that is trusted, `recorded` the bytes of a "
    "file that is to be the recorded one."
)
FILE = b"%PDF-1.7\nnot much of a contract\n"
NASTY = "</pre><script>alert(1)</script>&amp; \"\\/\b\f\n\r\t\x00\x1f\x7f\x85\u2028\u202e鎖🔗' é e\u0301"


def record_of(content, name):
    made = {"sha256": l.sha256(content).hex(), "size": len(content), "name": name}
    return json.dumps(made, separators=(",", ":"), ensure_ascii=False)


def a_chain():
    """A chain whose blocks have bodies of many sizes, long enough for all later blocks."""
    chain, sequence = Chain(), 0
    bodies = {3: 3, 4: 1, 5: 2, 6: 3, 7: 5, 8: 8, 9: 2, 10: 1, 11: 1, 12: 1, 13: 1, 14: 1}
    data = {
        3: "The minutes of the meeting were read and approved.", 10: record_of(FILE, 'contract "v2".pdf'),
        11: "rent for May", 12: "", 13: NASTY, 14: record_of(b"", ""),
    }
    for height in range(1, 80):
        body = []
        for place in range(bodies.get(height, 0)):
            moves = {"receiver": B, "amount": 2**60 + 1} if height in (9, 11) else {}
            text = data.get(height, None if height == 9 else f"text {place} of block {height}")
            body.append(entry(A, sequence, data=text, chain=CHAIN, **moves))
            sequence += 1
        chain.add(body)
    return chain


def far_chain():
    """Blocks at heights that take all bits of a u32, over a history of hashes that are all zero."""
    chain = Chain()
    for height in [2**31 - 1, 2**31, 2**31 + 5, 2**32 - 2, 2**32 - 1]:
        chain.add([entry(A, height, data="far", chain=CHAIN)], index=height)
    return chain


def good(chain):
    """Cases by name, each a proof and what else is asked."""
    cases = {"record-of-a-text": chain.proof(3, 1, [4, 5, 8, 16, 40])}
    for height, count in [(4, 1), (5, 2), (6, 3), (7, 5), (8, 8)]:
        for place in sorted({0, count - 1}):
            cases[f"place-{place}-in-a-body-of-{count}"] = chain.proof(height, place, [height + 1])
    cases["place-5-in-a-body-of-8"] = chain.proof(8, 5, [9])
    cases["record-of-a-file"] = chain.proof(10, later=[11, 20])
    cases["transfer-with-a-note"] = chain.proof(11, later=[12])
    cases["transfer-without-a-note"] = chain.proof(9, 1)
    cases["empty-text"] = chain.proof(12)
    cases["text-that-a-page-must-not-obey"] = chain.proof(13)
    cases["erased-text"] = chain.proof(3, 0, [6], erased=True)
    cases["block-at-the-tip"] = chain.proof(14)
    for height, later in [
        (3, [4]), (4, [5, 7, 8]), (5, [6]), (5, [6, 7, 8]), (5, [8]), (6, [7, 8, 9, 15, 16, 17]), (7, [8]),
        (7, [31, 32, 33]), (8, [9, 15, 16, 17]), (13, [14, 15]), (13, [32]), (14, [63, 64, 65]),
    ]:
        name = f"block-{height}-with-{'-'.join(map(str, later))}-later"
        cases[name] = chain.proof(height, later=later)
    cases["as-many-later-blocks-as-there-may-be"] = chain.proof(14, later=range(15, 79))
    return cases


def witnessed(chain):
    """Cases with statements, about blocks of every kind."""
    said = [chain.statement(B, 6, 0, 1700000001), chain.statement(B, 7, 4, 1700000044), chain.statement(C, 0, 8, 1700000090)]
    said += [chain.statement(B, 8, 8, 1700000085), chain.statement(C, 2**64 - 1, 20, 1700000300)]
    order = lambda statement: (statement["height"], statement["key"], int(statement["sequence"]))
    said.sort(key=order)
    cases = {"statements-about-earlier-blocks-this-one-and-later-ones": chain.proof(8, 2, [9, 20], [0, 4, 7], said)}
    earlier = chain.proof(13, earlier=range(13))
    cases["earlier-blocks-without-statements"] = earlier
    aside = [chain.statement(C, 1, 8, 1700000090, torsion=TORSION)]
    cases["statement-with-a-signature-beside-the-subgroup"] = chain.proof(8, 0, statements=aside)
    many = sorted([chain.statement(B, sequence, 4, 2**64 - 1) for sequence in range(90, 346)], key=order)
    cases["as-many-statements-as-there-may-be"] = chain.proof(4, statements=many)
    return cases


def signatures():
    """Blocks with transactions whose signature decides, and nothing else is wrong."""
    first = entry(A, 0, data="signed", chain=CHAIN)
    message = l.signed_bytes(CHAIN, first["transaction"])
    signed = lambda signature, **changes: {**first, "transaction": {**first["transaction"], "signature": signature, **changes}}
    whole = first["transaction"]["signature"]
    off_curve = next("%02x" % y + "00" * 31 for y in range(256) if l.decoded(bytes([y]) + bytes(31)) is None)
    cases = {
        "signature-beside-the-subgroup": (signed(A.sign(message, TORSION).hex()), "ok"),
        "signature-with-another-bit": (signed("%02x" % (int(whole[:2], 16) ^ 1) + whole[2:]), "signature"),
        "signature-with-a-large-s": (with_large_s(first), "signature"),
        "signature-by-another-key": (signed(B.sign(message).hex()), "signature"),
        "signature-for-another-chain": (entry(A, 0, data="signed", chain=ZERO), "signature"),
        "sender-that-is-no-point": (signed(whole, sender=off_curve), "signature"),
    }
    for number, key in enumerate(SMALL_ORDER):
        cases[f"sender-of-small-order-{number}"] = (signed(SMALL_ORDER[0] + ZERO, sender=key), "signature")
    for made, code in cases.values():
        key, signature = (bytes.fromhex(made["transaction"][part]) for part in ["sender", "signature"])
        assert l.verifies(key, l.signed_bytes(CHAIN, made["transaction"]), signature) == (code == "ok")
    for name, (made, code) in cases.items():
        chain = Chain()
        yield name, chain.proof(chain.add([made])), code


def cases():
    chain, far = a_chain(), far_chain()
    holding = {**good(chain), **witnessed(chain)}
    holding["heights-of-32-bits"] = far.proof(2**31 + 5, later=[2**32 - 2, 2**32 - 1], earlier=[0, 2**31 - 1, 2**31])
    holding["heights-at-the-highest-bit"] = far.proof(2**31 - 1, later=[2**31, 2**31 + 5, 2**32 - 1])
    made = [(name, {"proof": written(proof)}, ok(proof)) for name, proof in holding.items()]
    for name, proof, code in signatures():
        made.append((name, {"proof": written(proof)}, ok(proof) if code == "ok" else {"verdict": code}))
    record, file = chain.proof(3, 0, [4, 5]), holding["record-of-a-file"]
    asked = [
        ("trust-in-the-block", record, {"trust": record["block"]["hash"]}, ok(record)),
        ("trust-in-a-later-block", record, {"trust": record["later"][-1]["hash"]}, ok(record)),
        ("trust-in-another-block", record, {"trust": chain.blocks[6]["hash"]}, {"verdict": "not-trusted"}),
        ("trust-in-an-earlier-block", holding["earlier-blocks-without-statements"], {"trust": chain.blocks[6]["hash"]}, {"verdict": "not-trusted"}),
        ("file-that-was-recorded", file, {"recorded": {"hex": FILE.hex()}}, ok(file)),
        ("file-of-the-same-length", file, {"recorded": {"repeat": "x", "times": len(FILE)}}, {"verdict": "other-file"}),
        ("empty-file-that-was-recorded", holding["block-at-the-tip"], {"recorded": ""}, ok(holding["block-at-the-tip"])),
        ("file-where-a-text-was-recorded", record, {"recorded": record["payload"]["data"]}, {"verdict": "other-file"}),
        ("file-where-nothing-was-recorded", holding["transfer-without-a-note"], {"recorded": ""}, {"verdict": "other-file"}),
    ]
    made += [(name, {"proof": written(proof), **more}, expected) for name, proof, more, expected in asked]
    whole = holding["statements-about-earlier-blocks-this-one-and-later-ones"]
    for name, proof, code in broken(chain, whole):
        made.append((name, {"proof": written(proof)}, {"verdict": code}))
    short = chain.proof(5, 1, [6, 12], [4], [chain.statement(B, 0, 5, 1700000055)])
    for name, given, expected in forms(chain, whole, short):
        made.append((name, {"proof": given}, ok(short) if expected == "ok" else {"verdict": expected}))
    for name, proof, code in consistency(chain):
        as_proof = {"block": proof["later"], "later": []}
        made.append((name, {"proof": written(proof)}, ok(as_proof) if code == "ok" else {"verdict": code}))
    return made


def ok(proof):
    return {"block": proof["block"]["hash"], "work": work(proof), "verdict": "ok"}


def main():
    source = "conformance/make_proofs.py, which makes it so"
    made = []
    for name, given, expected in cases():
        given = {key: given[key] for key in sorted(given)}
        made.append({"name": name, "source": source, "input": given, "expected": expected})
    file = {"suite": "proofs", "about": ABOUT, "cases": made}
    path = pathlib.Path(__file__).with_name("proofs.json")
    path.write_text(json.dumps(file, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(f"{len(made)} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
