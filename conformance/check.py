#!/usr/bin/env python3
"""Checks the suites genesis, hash, printed-sample, fork-choice and ledger-bytes without kusari.

Needs Python 3 and nothing else. It shares no code with kusari: what both agree on is not just what
one of them says. Run it anywhere; it reads the files beside itself, or those in the directory that
it is given:

    python3 conformance/check.py [DIRECTORY]
"""

import hashlib
import itertools
import json
import pathlib
import sys

# Nothing is left behind beside the files.
sys.dont_write_bytecode = True

import ledger

KEYS = ["index", "timestamp", "nonce", "data", "prev_hash", "hash", "transactions"]
TARGET = 2**240 - 1
WORK = 2**256 // (TARGET + 1)
GENESIS = "000009fd818a1c6a6577cfda48a44f72d5c3e7359fe9bf808b959e4b56a06f13"


def preimage(block):
    parts = [
        block["index"].to_bytes(4, "little"),
        block["timestamp"].to_bytes(8, "little"),
        block["nonce"].to_bytes(8, "little"),
        bytes.fromhex(block["prev_hash"]),
    ]
    for transfer in block["transactions"]:
        parts.append(transfer["sender"].encode())
        parts.append(transfer["receiver"].encode())
        parts.append(transfer["amount"].to_bytes(8, "little"))
    return b"".join(parts) + block["data"].encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def meets_target(hash_):
    return int(hash_, 16) <= TARGET


def canonical_line(block):
    ordered = {key: block[key] for key in KEYS}
    return "BLOCK:" + json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))


def with_hash(block):
    return block if "hash" in block else {**block, "hash": sha256(preimage(block))}


def fault(block):
    """The rule that a block breaks by itself, or None."""
    if len(canonical_line(block).encode()) + 1 > 4096:
        return "block-too-long"
    if block["index"] == 0 and (block["hash"] != GENESIS or sha256(preimage(block)) != GENESIS):
        return "bad-genesis"
    if block["hash"] != sha256(preimage(block)):
        return "bad-hash"
    if not meets_target(block["hash"]):
        return "too-little-work"
    return None


class Chain:
    """Every connected block with its height, the orphans, and what was refused."""

    def __init__(self):
        self.blocks, self.heights = {}, {GENESIS: 0}
        self.orphans, self.refused, self.tip = [], set(), GENESIS

    def refuse(self, hash_):
        """Nothing builds on a block that breaks a rule on its parent."""
        self.refused.add(hash_)
        self.drop_orphans_of(hash_)

    def drop_orphans_of(self, hash_):
        for orphan in self.take_orphans_of(hash_):
            self.drop_orphans_of(orphan["hash"])

    def take_orphans_of(self, hash_):
        waiting = [orphan for orphan in self.orphans if orphan["prev_hash"] == hash_]
        self.orphans = [orphan for orphan in self.orphans if orphan not in waiting]
        return waiting

    def accept(self, block):
        code = fault(block)
        if code:
            return "refused: " + code
        hash_, parent = block["hash"], block["prev_hash"]
        if hash_ in self.heights:
            return "known"
        if parent in self.refused:
            self.refuse(hash_)
            return "refused: refused-parent"
        if parent not in self.heights:
            if hash_ not in [orphan["hash"] for orphan in self.orphans]:
                self.orphans.append(block)
            return "orphan"
        if block["index"] != self.heights[parent] + 1:
            self.refuse(hash_)
            return "refused: bad-index"
        self.blocks[hash_], self.heights[hash_] = block, block["index"]
        # Every block proves the same work, so the height decides, and then the smaller hash.
        rank = lambda tip: (self.heights[tip], -int(tip, 16))
        if rank(hash_) > rank(self.tip):
            self.tip = hash_
        for orphan in self.take_orphans_of(hash_):
            self.accept(orphan)
        return "added"

    def best(self):
        branch, at = [], self.tip
        while at != GENESIS:
            branch.append(at)
            at = self.blocks[at]["prev_hash"]
        return branch[::-1]

    def kept(self, hash_):
        return canonical_line(self.blocks[hash_]) if hash_ in self.blocks else None


def answer_block(question):
    if "hash" in question:
        return {"meets_target": meets_target(question["hash"])}
    if "mine" in question:
        block = dict(question["mine"])
        while not meets_target(sha256(preimage(block))):
            block["nonce"] += 1
        return {"nonce": block["nonce"], "hash": sha256(preimage(block))}
    if "offers" in question:
        chain, results, kept = Chain(), [], []
        for block in map(with_hash, question["offers"]):
            results.append(chain.accept(block))
            kept.append(chain.kept(block["hash"]))
        return {"results": results, "kept": kept, "tip": chain.tip}
    block, zeroed = with_hash(question["block"]), question.get("zeroed_bytes", 0)
    hashed = bytes(zeroed) + preimage(block)[zeroed:]
    answer = {
        "preimage": hashed.hex(),
        "hash": sha256(hashed),
        "meets_target": meets_target(sha256(hashed)),
    }
    if zeroed == 0:
        line = canonical_line({**block, "hash": sha256(hashed)})
        answer["line"] = line
        answer["line_bytes"] = len(line.encode()) + 1
        answer["verdict"] = fault(block) or "valid"
    return answer


def answer_forks(question):
    blocks = {name: json.loads(line[len("BLOCK:"):]) for name, line in question["blocks"].items()}
    names = {GENESIS: "genesis"}
    for name in sorted(blocks):
        if not fault(blocks[name]):
            names.setdefault(blocks[name]["hash"], name)

    def state(chain):
        height = chain.heights[chain.tip]
        return {"tip": names[chain.tip], "height": height, "work": "%064x" % (height * WORK)}

    if "arrive" in question:
        chain, before, after = Chain(), [], []
        for name in question["arrive"]:
            result = chain.accept(blocks[name])
            best = chain.best()
            shared = 0
            while shared < min(len(best), len(before)) and best[shared] == before[shared]:
                shared += 1
            reverted, connected = len(before) - shared, len(best) - shared
            step = {"block": name, "result": result, "reverted": reverted, "connected": connected}
            after.append({**step, **state(chain)})
            before = best
        return {"after": after}
    ends, orders = [], 0
    for order in itertools.permutations(question["every_order_of"]):
        chain = Chain()
        for name in order:
            chain.accept(blocks[name])
        end = {**state(chain), "orphans": len(chain.orphans)}
        orders += 1
        if end not in ends:
            ends.append(end)
    return {"orders": orders, "ends": sorted(ends, key=lambda end: end["tip"])}


ANSWERS = {
    "genesis": answer_block,
    "hash": answer_block,
    "printed-sample": answer_block,
    "fork-choice": answer_forks,
    "ledger-bytes": ledger.answer,
}


def main():
    here = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__)
    directory = here if here.is_dir() else here.parent
    passed = failed = 0
    for suite, answer in ANSWERS.items():
        file = json.loads((directory / f"{suite}.json").read_text(encoding="utf-8"))
        for case in file["cases"]:
            found = answer(case["input"])
            if found == case["expected"]:
                passed += 1
            else:
                failed += 1
                print(f"{suite}: {case['name']}")
                print("  expected", json.dumps(case["expected"], ensure_ascii=False))
                print("  found   ", json.dumps(found, ensure_ascii=False))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
