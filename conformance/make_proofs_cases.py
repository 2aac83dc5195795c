"""The cases of the suite proofs that are refused."""

import ledger as l
from make_ledger_tools import A, B, ZERO, entry
from make_proofs_tools import CHAIN, Chain, changed, flipped, written


def broken(chain, whole):
    """Proofs in the right form that fail at a later step. Where one fails twice, the first counts."""
    record = chain.proof(3, 1, [4, 5, 16])
    five = chain.proof(7, 4, [8])
    bare = chain.proof(9, 0)
    yield "payload-with-another-text", changed(record, ("payload", "data", lambda text: text.replace("read", "lost"))), "payload"
    yield "payload-with-another-salt", changed(record, ("payload", "salt", flipped)), "payload"
    yield "payload-that-no-transaction-has", changed(bare, ("payload", record["payload"])), "payload"
    for name, change in [
        ("payload-with-another-length", {"payload_len": 5}),
        ("length-without-a-payload", {"payload": ZERO, "payload_len": 6}),
    ]:
        other = Chain()
        proof = other.proof(other.add([entry(A, 0, data="signed", chain=CHAIN, **change)]))
        yield name, changed(proof, ("payload", None)) if "payload" in change else proof, "payload"

    yield "body-sibling-of-another-body", changed(record, ("body", "siblings", 0, flipped)), "body-path"
    yield "body-rest-of-another-body", changed(five, ("body", "place", 0), ("body", "siblings", ["00" * 32] * 2 + [ZERO]), ("body", "rest", None), ("block", "body_count", 8)), "body-path"
    yield "body-with-another-rest", changed(chain.proof(7, 0), ("body", "rest", flipped)), "body-path"
    yield "another-place", changed(chain.proof(8, 2), ("body", "place", 3)), "body-path"
    yield "another-body-root", changed(record, ("block", "body_root", flipped)), "body-path"

    for key in ["timestamp", "nonce", "prev_hash", "hash", "history_root", "state_root", "target", "miner"]:
        value = {"timestamp": "1", "nonce": "1", "target": l.LIMIT - 1}.get(key, flipped)
        yield f"block-with-another-{key}", changed(record, ("block", key, value)), "block-hash"
        if key != "history_root":
            yield f"later-block-with-another-{key}", changed(record, ("later", 2, key, value)), "later-hash"
    yield "block-with-another-index", changed(chain.proof(14), ("block", "index", 15)), "block-hash"
    yield "later-block-with-another-body", changed(record, ("later", 2, "body_count", 1)), "later-hash"
    yield "sibling-of-another-history", changed(record, ("siblings", 2, flipped)), "later-hash"
    yield "rest-of-another-history", changed(record, ("later", 1, "rest", flipped)), "later-hash"
    yield "two-later-blocks-changed-their-rest", swapped(chain), "later-hash"

    for bits in [0x1F010000, 0x2000FFFF, 0x20000080, 0x1E7FFFFF + 1, 0x1F80FFFF, 0x1F000000, 0, 0x02008000, 0x01010000, 0xFF00FFFF]:
        yield "block-with-target-%08x" % bits, no_target(bits)[0], "block-target"
    yield "later-block-with-target-20000080", no_target(0x20000080)[1], "later-target"
    idle = Chain()
    first = idle.add([entry(A, 0, data="no work", chain=CHAIN)], avoid=True)
    yield "block-without-work", idle.proof(first), "block-target"
    second = Chain()
    first = second.add([entry(A, 0, data="work", chain=CHAIN)])
    second.add(avoid=True)
    yield "later-block-without-work", second.proof(first, later=[2]), "later-target"
    both = changed(second.proof(first, later=[2]), ("block", "nonce", "0"))
    yield "first-step-that-fails-is-named", both, "block-hash"

    yield "earlier-block-with-another-hash", changed(whole, ("earlier", 2, "hash", flipped)), "earlier-path"
    yield "earlier-block-with-another-sibling", changed(whole, ("earlier", 1, "siblings", 0, flipped)), "earlier-path"
    yield "earlier-block-at-another-height", changed(chain.proof(13, earlier=[4]), ("earlier", 0, "height", 5)), "earlier-path"
    yield "statement-about-another-height", changed(chain.proof(8, statements=[chain.statement(B, 0, 8, 1)]), ("statements", 0, "height", 9)), "statement-block"
    yield "statement-about-another-hash", changed(whole, ("statements", 4, "hash", flipped)), "statement-block"
    yield "statement-about-a-block-that-is-not-there", changed(whole, ("later", lambda later: later[:1]), ("siblings", chain.proof(8, 2, [9])["siblings"])), "statement-block"
    for key, value in [("time", "1"), ("previous", flipped), ("signature", flipped), ("sequence", "18446744073709551615")]:
        at = 3 if key == "sequence" else 0
        yield f"statement-with-another-{key}", changed(whole, ("statements", at, key, value)), "statement-signature"
    yield "statement-by-another-key", changed(chain.proof(8, statements=[chain.statement(B, 0, 8, 1)]), ("statements", 0, "key", A.hex)), "statement-signature"
    small = changed(chain.proof(8, statements=[chain.statement(B, 0, 8, 1)]), ("statements", 0, "key", "01" + "00" * 31), ("statements", 0, "signature", "01" + "00" * 63))
    yield "statement-by-a-key-of-small-order", small, "statement-signature"


def swapped(chain):
    proof = chain.proof(8, later=[11, 13])
    rests = [later["rest"] for later in proof["later"]]
    return changed(proof, ("later", 0, "rest", rests[1]), ("later", 1, "rest", rests[0]))


def no_target(bits):
    """A block with these bits as its target, which its hash is not above if they mean one; and a later one."""
    first, second = Chain(), Chain()
    easy = {"target": bits, "avoid": bits in (0x02008000, 0x01010000)}
    body = [entry(A, 0, data="easy", chain=CHAIN)]
    return first.proof(first.add(body, **easy)), second.proof(second.add(body), later=[second.add(**easy)])


def forms(chain, whole, short):
    """What a reader of the form refuses, and the one thing that it does not."""
    text = written(short)
    for name, given, expected in [
        ("newline-at-the-end", text + "\n", "ok"), ("two-newlines-at-the-end", text + "\n\n", "form"),
        ("carriage-return-at-the-end", text + "\r\n", "form"), ("space-in-front", " " + text, "form"),
        ("space-inside", text.replace(":", ": ", 1), "form"), ("more-behind-it", text + "{}", "form"),
        ("byte-order-mark", "\ufeff" + text, "form"), ("no-utf-8", [text[:-1], {"hex": "ff"}, "}"], "form"),
        ("nothing", "", "form"), ("null", "null", "form"), ("list", "[]", "form"), ("number", "1", "form"),
        ("text", '"kusari-proof-1"', "form"), ("object", "{}", "form"), ("half-a-file", text[: len(text) // 2], "form"),
        ("deep", {"repeat": "[", "times": 200000}, "form"),
        ("number-of-many-digits", ['{"format":', {"repeat": "9", "times": 200000}, "}"], "form"),
        ("as-long-as-it-may-be", [text, {"repeat": " ", "times": 2**20 - len(text)}], "form"),
        ("too-long", [text, {"repeat": " ", "times": 2**20 - len(text) + 1}], "too-large"),
        ("key-twice", text.replace('"block":{', '"block":{"index":5,', 1), "form"),
        ("key-that-nobody-knows", text[:-1] + ',"more":null}', "form"),
        ("key-of-every-object", text.replace('"body":{', '"body":{"__proto__":null,', 1), "form"),
        ("digits-in-capitals", text.replace(CHAIN, CHAIN.upper(), 1), "form"),
        ("number-with-a-fraction", text.replace('"place":1', '"place":1.0', 1), "form"),
        ("number-with-an-exponent", text.replace('"place":1', '"place":1e0', 1), "form"),
        ("number-with-a-zero-in-front", text.replace('"place":1', '"place":02', 1), "form"),
        ("number-below-zero", written(changed(short, ("body", "place", -1))), "form"),
        ("zero-below-zero", written(chain.proof(8)).replace('"place":0', '"place":-0'), "form"),
        ("slash-with-an-escape", escaped(chain, "/", "\\/"), "form"),
        ("letter-with-an-escape", escaped(chain, "script", "\\u0073cript"), "form"),
        ("escape-in-capitals", escaped(chain, "\\u001f", "\\u001F"), "form"),
        ("newline-as-a-number", escaped(chain, "\\n", "\\u000a"), "form"),
        ("half-a-surrogate", escaped(chain, "script", "\\ud800"), "form"),
        ("surrogates-with-escapes", escaped(chain, "🔗", "\\ud83d\\udd17"), "form"),
    ]:
        yield name, given, expected
    for name, *change in values(short):
        yield name, written(changed(short, change)), "form"
    for key in ["earlier", "statements"]:
        yield f"{key}-that-fall", written(changed(whole, (key, lambda parts: parts[::-1]))), "form"
    yield "too-many-later-blocks", written(chain.proof(14, later=range(15, 80))), "too-many"
    yield "too-many-earlier-blocks", written(late().proof(65, earlier=range(65))), "too-many"
    said = [{**whole["statements"][0], "sequence": str(number)} for number in range(257)]
    yield "too-many-statements", written(changed(whole, ("statements", said))), "too-many"


def late():
    """A chain whose block 65 has a transaction."""
    chain = Chain()
    chain.history.leaves.update({height: bytes(32) for height in range(1, 65)})
    chain.add([entry(A, 0, data="late", chain=CHAIN)], index=65)
    return chain


def escaped(chain, plain, other):
    text = written(chain.proof(13))
    assert plain in text
    return text.replace(plain, other, 1)


def values(short):
    """One value each that is out of its range or of another type."""
    hex_ = short["block"]["hash"]
    order = lambda part, keys: {key: part[key] for key in keys}
    return [
        ("another-format", "format", "kusari-proof-2"), ("format-that-is-null", "format", None),
        ("keys-in-another-order", "body", lambda body: order(body, ["siblings", "place", "rest"])),
        ("key-that-is-missing", "block", lambda block: order(block, [key for key in block if key != "miner"])),
        ("history-root-of-a-later-block", "later", 0, lambda later: {**later, "history_root": hex_}),
        ("bytes-that-are-too-few", "chain_id", hex_[2:]), ("bytes-that-are-too-many", "chain_id", hex_ + "00"),
        ("half-a-byte", "chain_id", hex_[1:]), ("bytes-that-are-null", "chain_id", None),
        ("bytes-with-a-newline", "chain_id", hex_[1:] + "\n"), ("bytes-in-wide-digits", "chain_id", hex_[1:] + "０"),
        ("number-as-text", "body", "place", "1"), ("text-as-a-number", "transaction", "amount", 0),
        ("number-that-is-true", "body", "place", True), ("number-of-33-bits", "transaction", "payload_len", 2**32),
        ("number-of-65-bits", "transaction", "fee", str(2**64)), ("number-with-a-sign", "transaction", "fee", "+1"),
        ("text-number-with-a-zero-in-front", "transaction", "fee", "01"), ("text-number-that-is-empty", "transaction", "fee", ""),
        ("text-number-in-wide-digits", "transaction", "fee", "１"), ("text-number-with-a-newline", "transaction", "fee", "1\n"),
        ("payload-as-a-text", "payload", "text"), ("payload-without-data", "payload", {"salt": hex_[:32]}),
        ("data-that-is-null", "payload", "data", None), ("data-that-is-a-number", "payload", "data", 1),
        ("list-that-is-null", "later", None), ("list-that-is-an-object", "later", {}), ("entry-that-is-null", "later", 0, None),
        ("statements-as-an-object", "statements", {}), ("earlier-as-null", "earlier", None),
        ("place-beyond-the-body", "body", "place", 2), ("body-that-is-empty", "block", "body_count", 0),
        ("block-of-height-zero", "block", "index", 0), ("later-block-below", "later", 0, "index", 5),
        ("later-blocks-that-fall", "later", lambda later: later[::-1]), ("later-block-twice", "later", lambda later: later[1:] * 2),
        ("earlier-block-above", "earlier", 0, "height", 5),
        ("earlier-block-twice", "earlier", lambda parts: parts * 2),
        ("statement-twice", "statements", lambda said: said * 2),
        ("sibling-that-is-missing", "body", "siblings", lambda siblings: siblings[:-1]),
        ("sibling-too-many", "body", "siblings", lambda siblings: siblings + [hex_]),
        ("null-too-many", "siblings", lambda siblings: siblings + [None]),
        ("sibling-that-is-null", "body", "siblings", 0, None), ("sibling-that-is-short", "body", "siblings", 0, "32"),
        ("sibling-that-is-true", "body", "siblings", 0, True), ("siblings-as-an-object", "body", "siblings", {}),
        ("rest-where-none-is-due", "body", "rest", hex_), ("rest-of-a-later-block-where-none-is-due", "later", 0, "rest", hex_),
        ("rest-that-is-null", "later", 1, "rest", None), ("siblings-without-later-blocks", "later", []),
        ("sibling-of-no-path", "earlier", 0, "siblings", lambda siblings: siblings + [hex_]),
    ]


def consistency(chain):
    """Files of consistency."""
    for height, index in [(0, 1), (0, 64), (5, 6), (6, 79), (31, 32), (32, 33)]:
        yield f"consistency-of-{height}-and-{index}", chain.consistency(height, index), "ok"
    file = chain.consistency(6, 13)
    yield "consistency-with-another-nonce", changed(file, ("later", "nonce", "1")), "later-hash"
    yield "consistency-with-another-chain", changed(file, ("chain_id", flipped)), "later-hash"
    yield "consistency-with-another-ancestor", changed(file, ("earlier", "hash", flipped)), "earlier-path"
    yield "consistency-with-another-sibling", changed(file, ("earlier", "siblings", 1, flipped)), "earlier-path"
    yield "consistency-with-another-height", changed(file, ("earlier", "height", 7)), "earlier-path"
    yield "consistency-with-itself", changed(file, ("earlier", "height", 13)), "form"
    yield "consistency-with-a-key-too-many", {**file, "statements": []}, "form"
    yield "consistency-in-another-order", {key: file[key] for key in ["format", "chain_id", "later", "earlier"]}, "form"
    other = Chain()
    other.add()
    yield "consistency-without-work", other.consistency(1, other.add(avoid=True)), "later-target"
