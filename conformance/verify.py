#!/usr/bin/env python3
"""Checks proof files by docs/formats/proof.md, without a node, a network or code of kusari.

    python3 conformance/verify.py proof.json [--trust HASH] [--file FILE]
    python3 conformance/verify.py --suite conformance/proofs.json
Needs Python 3.9 and nothing else, so it checks no signatures. Exits with 0 only if the rest holds.
"""

import argparse, base64, datetime, hashlib, json, pathlib, re, sys
sys.dont_write_bytecode = True
MAX_BYTES, LIMIT, MOST = 1 << 20, 0xFFFF << 224, {"later": 64, "earlier": 64, "statements": 256}
HEADER = "index:u32 timestamp:u64 nonce:u64 prev_hash:32 hash:32 body_root:32 body_count:u32 {}state_root:32 target:u32 miner:32"
# Keys in their order, each with its type: a number, text, so many bytes, another shape, or part of a path.
SHAPES = {name: dict(field.split(":") for field in fields.split()) for name, fields in {
    "kusari-proof-1": "format:text chain_id:32 transaction:transaction payload:payload body:body block:block "
                      "siblings:path later:[later] earlier:[earlier] statements:[statement]",
    "kusari-consistency-1": "format:text chain_id:32 earlier:earlier later:block",
    "transaction": "sender:32 receiver:32 amount:u64 fee:u64 sequence:u64 payload:32 payload_len:u32 signature:64",
    "payload": "salt:16 data:text", "body": "place:u32 siblings:path rest:path",
    "block": HEADER.format("history_root:32 "), "later": HEADER.format("") + " rest:path",
    "earlier": "height:u32 hash:32 siblings:path rest:path",
    "statement": "key:32 sequence:u64 previous:32 height:u32 hash:32 time:u64 signature:64",
}.items()}

class Refused(Exception):
    """The first step that fails: its code, and what is wrong."""

def need(holds, code, why):
    if not holds:
        raise Refused(code, why)

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def raw(shape, part, keys):
    """The fields one after another; numbers are little-endian."""
    pairs = [(part[key], {"u32": 4, "u64": 8}.get(SHAPES[shape][key])) for key in keys]
    return b"".join(int(value).to_bytes(size, "little") if size else bytes.fromhex(value) for value, size in pairs)

# Step 1: the form.
def is_of(value, kind):
    if kind == "u32":
        return type(value) is int and 0 <= value < 1 << 32
    pattern = {"u64": "0|[1-9][0-9]{0,19}", "text": "(?s:.*)"}.get(kind) or "[0-9a-f]{%d}" % (2 * int(kind))
    return type(value) is str and re.fullmatch(pattern, value) is not None and (kind != "u64" or int(value) < 1 << 64)

def check(value, kind, where):
    if kind.startswith("["):
        need(type(value) is list, "form", where)
        for entry in value:
            check(entry, kind[1:-1], where)
    elif kind in SHAPES and not (kind == "payload" and value is None):
        need(type(value) is dict and list(value) == list(SHAPES[kind]), "form", f"the keys of {where}")
        for key, of in SHAPES[kind].items():
            check(value[key], of, f"{key} of {where}")
    elif kind not in SHAPES and kind != "path":
        need(is_of(value, kind), "form", where)

def levels(i, n):
    """L, and the levels at which the path from leaf i to the root of n leaves uses siblings."""
    top = (i ^ n).bit_length() - 1
    return top, [level for level in range(n.bit_length()) if level < top or (level > top and i >> level & 1)]

def check_path(i, ends, siblings, where):
    """`ends` are pairs of n and `rest`, which share the siblings."""
    need(all(i < n for n, _ in ends), "form", f"{where} begins at no leaf of its tree")
    used = {level for n, _ in ends for level in levels(i, n)[1]}
    wanted = [level in used for level in range(max(used, default=-1) + 1)]
    fits = type(siblings) is list and [sibling is not None for sibling in siblings] == wanted
    need(fits and all(s is None or is_of(s, "32") for s in siblings), "form", f"siblings of {where}")
    for n, rest in ends:
        below = n & ((1 << levels(i, n)[0]) - 1)
        need(is_of(rest, "32") if below else rest is None, "form", f"rest of {where}")

def parsed(data):
    """What is in a file, once every byte of the form holds."""
    need(len(data) <= MAX_BYTES, "too-large", "the file has more than 1 MiB")
    try:
        # Long numbers are not computed: no type here has room for them.
        proof = json.loads(data.decode(), parse_int=lambda digits: int(digits) if len(digits) <= 10 else None)
        written = json.dumps(proof, separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Refused("form", f"it is no JSON in UTF-8: {error}") from None
    # A key that is there twice, another escape or white space would be lost in between.
    need(data in (written, written + b"\n"), "form", "it is not written in the canonical form")
    name = proof.get("format") if type(proof) is dict else None
    need(name in ("kusari-proof-1", "kusari-consistency-1"), "form", "the format")
    check(proof, name, "the file")
    if name == "kusari-consistency-1":
        # A block with one earlier one and nothing else: what is checked is the same.
        proof = {**proof, "block": proof["later"], "later": [], "earlier": [proof["earlier"]], "statements": []}
    block, later, earlier, body = proof["block"], proof["later"], proof["earlier"], proof.get("body")
    need(all(part["index"] for part in [block, *later]), "form", "the genesis block has no commitment")
    if body:
        check_path(body["place"], [(block["body_count"], body["rest"])], body["siblings"], "body")
        check_path(block["index"], [(part["index"], part["rest"]) for part in later], proof["siblings"], "later")
    for part in earlier:
        check_path(part["height"], [(block["index"], part["rest"])], part["siblings"], "earlier")
    said = [(part["height"], part["key"], int(part["sequence"])) for part in proof["statements"]]
    for ranks in [part["index"] for part in later], [part["height"] for part in earlier], said:
        need(all(a < b for a, b in zip(ranks, ranks[1:])), "form", "a list does not rise")
    need(all(len(proof[key]) <= MOST[key] for key in MOST), "too-many", "a list has too many entries")
    return proof

# Steps 2 to 8.
def root(leaf, i, n, siblings, rest):
    node, (top, used) = sha256(b"\0", bytes.fromhex(leaf)), levels(i, n)
    for level in range(n.bit_length()):
        if level in used:
            beside = bytes.fromhex(siblings[level])
            node = sha256(b"\1", beside, node) if i >> level & 1 else sha256(b"\1", node, beside)
        elif level == top and rest is not None:
            node = sha256(b"\1", node, bytes.fromhex(rest))
    return node.hex()

def check_block(chain_id, block, step):
    promised = raw("block", block, ["body_root", "body_count", "history_root", "state_root", "target", "miner"])
    data = b"kusari1:" + base64.urlsafe_b64encode(sha256(bytes.fromhex(chain_id), promised)).rstrip(b"=")
    found = sha256(raw("block", block, ["index", "timestamp", "nonce", "prev_hash"]), data).hex()
    need(found == block["hash"], f"{step}-hash", f"block {block['index']} has another hash")
    exponent, mantissa = block["target"] >> 24, block["target"] & 0xFFFFFF
    target = mantissa << 8 * (exponent - 3) if 3 <= exponent <= 31 and 0x8000 <= mantissa <= 0x7FFFFF else -1
    need(int(found, 16) <= target <= LIMIT, f"{step}-target", f"block {block['index']} does not meet a target")

def verify(data):
    """The proof in a file, of which all but the signatures holds."""
    proof = parsed(data)
    chain_id, block, sent, payload = (proof.get(key) for key in ["chain_id", "block", "transaction", "payload"])
    if payload:
        content = payload["data"].encode()
        found = sha256(bytes.fromhex(payload["salt"]), len(content).to_bytes(4, "little"), content).hex()
        need((found, len(content)) == (sent["payload"], sent["payload_len"]), "payload", "the payload is another one")
    if sent:
        need(int(sent["payload"], 16) or not sent["payload_len"], "payload", "there is a length and no payload")
        leaf, body = raw("transaction", sent, SHAPES["transaction"]).hex(), proof["body"]
        found = root(leaf, body["place"], block["body_count"], body["siblings"], body["rest"])
        need(found == block["body_root"], "body-path", "the transaction is not in the body of the block")
    check_block(chain_id, block, "block" if sent else "later")
    for later in proof["later"]:
        history = root(block["hash"], block["index"], later["index"], proof["siblings"], later["rest"])
        check_block(chain_id, {**later, "history_root": history}, "later")
    for part in proof["earlier"]:
        found = root(part["hash"], part["height"], block["index"], part["siblings"], part["rest"])
        need(found == block["history_root"], "earlier-path", f"block {part['height']} is no ancestor")
    named = [(part["index"], part["hash"]) for part in [block, *proof["later"]]]
    named += [(part["height"], part["hash"]) for part in proof["earlier"]]
    for said in proof["statements"]:
        need((said["height"], said["hash"]) in named, "statement-block", "a statement names a block that is not here")
    return proof

def is_record_of(recorded, payload):
    start = '{"sha256":"%s","size":%d,"name":"' % (sha256(recorded).hex(), len(recorded))
    name = r'(?:[^"\\\x00-\x1f]|\\["\\bfnrt]|\\u00(?:0[0-7bef]|1[0-9a-f]))*'
    return payload is not None and re.fullmatch(re.escape(start) + name + '"}', payload["data"]) is not None

def judge(data, trust=None, recorded=None):
    """What is expected in the suite, and the proof that holds, or what is wrong with it."""
    try:
        proof = verify(data)
        blocks = [proof["block"], *proof["later"]]
        need(trust is None or trust in [block["hash"] for block in blocks], "not-trusted", "no block has this hash")
        need(recorded is None or is_record_of(recorded, proof.get("payload")), "other-file", "another file was recorded, or none")
    except Refused as refused:
        return {"verdict": refused.args[0]}, refused.args[1]
    lowest = sorted(int(block["hash"], 16) for block in blocks)[:6]
    work = (len(lowest) << 256) // (lowest[-1] + 1)
    return {"block": blocks[0]["hash"], "work": str(work), "verdict": "ok"}, proof

def show(proof, work):
    block, sent, payload = proof["block"], proof.get("transaction"), proof.get("payload")
    if sent:
        print("Recorded:  ", json.dumps(payload["data"]) if payload else "no text, or one that is not in the file")
        print(f"By:         key {sent['sender']}\nTo:         key {sent['receiver']}, amount {sent['amount']}")
    for part in proof["earlier"]:
        print(f"Ancestor:   block {part['height']}, {part['hash']}")
    seconds = int(block["timestamp"])
    time = str(datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)) if seconds < 1 << 37 else seconds
    print(f"Block:      {block['index']}, {block['hash']}\nTime:       {time} UTC, as its miner claims")
    print(f"Work shown: {int(work):,} tries, by this block and {len(proof['later'])} later ones")
    if sent:
        print("Not checked: signatures, as Python has no Ed25519. So whether the sender signed is open, and no")
        print(f"            statement of a witness is taken for true; the file has {len(proof['statements'])}.")

def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("proof", nargs="?", type=argparse.FileType("rb"), default="-")
    parser.add_argument("--trust", metavar="HASH", help="of a block that you know: the proof's, or a later one in it")
    parser.add_argument("--file", metavar="FILE", type=argparse.FileType("rb"), help="what the proof is to be a record of")
    parser.add_argument("--suite", metavar="SUITE", type=pathlib.Path, help="run all cases of a suite instead")
    given = parser.parse_args()
    if given.suite:
        import check_proofs
        sys.exit(check_proofs.run(given.suite, judge))
    answer, found = judge(given.proof.read(MAX_BYTES + 1), given.trust, given.file and given.file.read())
    if answer["verdict"] != "ok":
        sys.exit(f"Refused: {answer['verdict']}: {found}")
    show(found, answer["work"])

if __name__ == "__main__":
    main()
