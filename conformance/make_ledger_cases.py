"""The inputs of the suites ledger-bytes, ledger-pool and ledger-blocks."""

import ledger as l
from make_ledger_tools import (
    A, B, C, CHAIN, GENESIS, SPEC, START, ZERO,
    block, case, entry, header, mine, payload, preimage, seven_keys, statement,
)

CLOCK = 1800000000
OTHER = {**SPEC, "name": "another"}
BUILT_IN = {
    "name": "ledger", "salt": ZERO, "block_time_s": 10, "half_life_s": 600, "reward": 1000,
    "max_body_bytes": 1048576, "max_data_bytes": 65536, "min_fee": 0,
}
TORSION = l.decoded(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
SMALL_ORDER = ["01" + "00" * 31, "00" * 32, "ec" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "ff"]


def with_torsion(made):
    """The same transaction with a signature that holds only where cofactors do not count."""
    message = l.signed_bytes(CHAIN, made["transaction"])
    signature = A.sign(message, TORSION).hex()
    return {**made, "transaction": {**made["transaction"], "signature": signature}}


def with_large_s(made):
    """The same transaction with the group's order added to the second half of its signature."""
    signature = bytes.fromhex(made["transaction"]["signature"])
    s = int.from_bytes(signature[32:], "little") + l.L
    changed = (signature[:32] + s.to_bytes(32, "little")).hex()
    return {**made, "transaction": {**made["transaction"], "signature": changed}}


def byte_cases():
    made = [case("spec-that-is-built-in", {"spec": BUILT_IN}), case("spec", {"spec": SPEC})]
    made.append(case("spec-with-a-long-name", {"spec": {**SPEC, "name": "台帳" * 32}}))
    for key, value in [
        ("name", ""), ("name", "classic"), ("name", " x"), ("name", "a\u0007b"), ("name", "x" * 65),
        ("block_time_s", 0), ("block_time_s", 3601), ("half_life_s", 9), ("reward", 2**32),
        ("max_body_bytes", 1023), ("max_body_bytes", 2**20 + 1), ("max_data_bytes", 0),
        ("max_data_bytes", 769), ("max_data_bytes", 65537),
    ]:
        made.append(case(f"no-spec-{len(made)}-{key}", {"spec": {**SPEC, key: value}}))
    made.append(case("no-spec-fee-without-reward", {"spec": {**SPEC, "reward": 0}}))
    empty, full = block([]), block([], [entry(A, 0, B, 1)], mined=False)
    made.append(case("commitment-of-an-empty-body", {"commitment": empty["commitment"]}))
    made.append(case("commitment", {"commitment": full["commitment"]}))
    for count in [0, 1, 2, 3, 4, 5, 7, 8, 9]:
        leaves = [{"hex": "%02x" % number} for number in range(count)]
        made.append(case(f"merkle-root-of-{count}", {"leaves": leaves}))
    made.append(case("merkle-root-of-an-empty-leaf", {"leaves": [""]}))
    for bits in [
        0x1F00FFFF, 0x1F010000, 0x1D00FFFF, 0x1B0404CB, 0x05009234, 0x01120000, 0x03000001, 0x01010000,
        0, 0x04000000, 0x04923456, 0x23000001, 0xFF123456, 0x05000012, 0x01123456, 0x2100FFFF, 0x207FFFFF,
    ]:
        made.append(case("compact-%08x" % bits, {"compact": bits}))
    for number in [1, 0x7F, 0x80, 0xFFFF, 0x800000, 0x12345678, 2**240 - 1, 0xFFFF << 224, 2**256 - 1]:
        made.append(case("target-%x" % number, {"target": "%064x" % number}))
    for height, active in [
        (0, 0), (1, 0), (2, 10), (2, 9), (2, 0), (61, 0), (61, 1), (61, 599), (61, 600), (61, 601),
        (121, 0), (1000, 12), (1000, 9989), (100000, 0), (2**32 - 1, 0), (2**32 - 1, 2**64 - 1),
    ]:
        question = {"spec": SPEC, "parent_height": height, "active_s": active}
        made.append(case(f"target-after-{height}-blocks-in-{active}-s", question))
    slow = {**SPEC, "block_time_s": 3600, "half_life_s": 3600}
    question = {"spec": slow, "parent_height": 300, "active_s": 0}
    made.append(case("target-is-never-below-one", question))
    for name, seconds in [
        ("on-schedule", [0, 10, 20, 30]), ("fast", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("a-quiet-night", [0, 10, 40000, 40010]), ("back-and-forth", [0, 500, 100, 500, 100, 510]),
        ("all-at-once", [0] * 12), ("a-step-of-the-bound", [0, 240, 481]),
    ]:
        question = {"spec": SPEC, "timestamps": [START + second for second in seconds]}
        made.append(case(f"active-time-{name}", question))
    question = {"spec": {**SPEC, "block_time_s": 100}, "timestamps": [START, START + 9999]}
    made.append(case("active-time-bound-of-six-block-times", question))
    return made + transaction_bytes() + address_cases()


def transaction_bytes():
    record, plain = entry(A, 1, data="日本語の記録"), entry(A, 0, B, 100, 7)
    made = []
    for name, t, chain in [
        ("transfer", plain, CHAIN),
        ("record", record, CHAIN),
        ("transfer-with-a-note", entry(A, 2**64 - 1, B, 2**64 - 1, 0, "note"), CHAIN),
        ("signed-for-another-chain", plain, l.chain_id(OTHER)),
        ("signature-of-another", entry(A, 0, B, 100, 7, signature=B.sign(b"x").hex()), CHAIN),
        ("signature-beside-the-subgroup", with_torsion(plain), CHAIN),
        ("signature-not-reduced", with_large_s(plain), CHAIN),
        ("signature-under-a-key-of-small-order", entry(A, 0, B, 1, sender=SMALL_ORDER[0], signature=SMALL_ORDER[0] + ZERO), CHAIN),
    ]:
        made.append(case(name, {"chain_id": chain, "transaction": t["transaction"]}))
    first = statement(A, 0, 0, GENESIS)
    named = l.sha256(l.statement_bytes(first)).hex()
    for name, s, chain in [
        ("statement", first, CHAIN),
        ("statement-after-another", statement(A, 1, 7, "ab" * 32, named, 2**64 - 1), CHAIN),
        ("statement-for-another-chain", first, l.chain_id(OTHER)),
        ("statement-of-another", {**first, "key": B.hex}, CHAIN),
        ("statement-with-other-words", {**first, "time": START + 1}, CHAIN),
        ("statement-under-a-key-of-small-order", {**first, "key": SMALL_ORDER[0], "signature": SMALL_ORDER[0] + ZERO}, CHAIN),
    ]:
        made.append(case(name, {"chain_id": chain, "statement": s}))
    made.append(case("payload", {"payload": record["payload"]}))
    made.append(case("payload-without-text", {"payload": payload("")}))
    return made


def address_cases():
    good, values = l.address(A.bytes), l.fives(A.bytes)
    wrong = good[:20] + ("q" if good[20] != "q" else "p") + good[21:]
    made = [case("address-of-a-key", {"key": A.hex}), case("address", {"address": good})]
    for name, text in [
        ("in-capitals", good.upper()), ("in-both-cases", good[:30] + good[30:].upper()),
        ("with-a-wrong-character", wrong), ("cut-off", good[:-1]), ("empty", ""),
        ("with-the-older-checksum", l.bech32("ks", values, 1)),
        ("of-another-network", l.bech32("bc", values)), ("of-31-bytes", l.bech32("ks", l.fives(A.bytes[:31]))),
        ("of-33-bytes", l.bech32("ks", l.fives(A.bytes + b"\0"))),
        ("with-spare-bits", l.bech32("ks", l.fives(A.bytes, 1))),
        ("of-no-point", l.address(b"\x02" + bytes(31))), ("with-a-space", good + " "),
    ]:
        made.append(case(f"address-{name}", {"address": text}))
    for place, key in enumerate(SMALL_ORDER):
        made.append(case(f"address-of-small-order-{place}", {"address": l.address(bytes.fromhex(key))}))
    return made


def faulty_entries():
    """Transactions that break one rule each, by the name of the case; the sender is A with 1,000."""
    transfer, record = entry(A, 0, B, 10), entry(A, 0, data="hello")
    long = "x" * 101
    return {
        "wrong-signature": {**transfer, "transaction": {**transfer["transaction"], "amount": 11}},
        "signed-for-another-chain": entry(A, 0, B, 10, chain=l.chain_id(OTHER)),
        "signature-not-reduced": with_large_s(transfer),
        "small-order-key": entry(A, 0, B, 10, sender=SMALL_ORDER[0], signature=SMALL_ORDER[0] + ZERO),
        "length-without-payload": entry(A, 0, B, 10, payload_len=1),
        "payload-that-does-not-match": {**record, "payload": payload("hullo")},
        "payload-with-another-salt": {**record, "payload": {"salt": "ff" * 16, "data": "hello"}},
        "payload-of-another-length": {**entry(A, 0, data="hello", payload_len=4)},
        "payload-beside-none": {**transfer, "payload": payload("")},
        "payload-beyond-the-chain": entry(A, 0, data=long),
        "fee-too-low": entry(A, 0, B, 10, 0),
        "overflow": entry(A, 0, B, 2**64 - 1, 1),
        "sequence-gap": entry(A, 1, B, 10),
        "overdraft": entry(A, 0, B, 1000, 1),
    }


def pool_cases():
    account = lambda key, balance=1000, sequence=0: {"key": key.hex, "balance": balance, "sequence": sequence}
    accounts = [account(A), account(B)]
    first, second = entry(A, 0, B, 10), entry(A, 1, data="a record")

    def offers(name, *given, about=None, **more):
        question = {"spec": SPEC, "accounts": accounts, "offers": list(given)}
        return case(name, {**question, **more}, about)

    limits = {"bytes": 16777216, "sender_transactions": 1024, "sender_bytes": 2097152,
              "own_bytes": 4194304, "age_s": 259200}
    made = [
        offers("transfer-and-record", first, second),
        offers("twice", first, first),
        offers("out-of-order", second, first, about="Nobody keeps what is ahead of its turn."),
        offers("all-that-one-owns", entry(A, 0, B, 999, 1)),
        offers("more-than-is-left", entry(A, 0, B, 900), entry(A, 1, B, 99)),
        offers("income-that-waits-is-not-there", entry(A, 0, C, 500), entry(C, 0, A, 1)),
        offers("signature-beside-the-subgroup", with_torsion(first), about="ZIP-215 takes it, and strict RFC 8032 does not."),
        offers("replay", entry(A, 0, B, 10), accounts=[account(A, 1000, 1)]),
        offers("replay-on-another-chain", first, spec=OTHER),
        offers("payload-missing", {**second, "payload": None}),
        offers("payload-as-long-as-may-be", entry(A, 0, data="x" * 100)),
        offers("payload-beyond-every-chain", entry(A, 0, payload="11" * 32, payload_len=65537)),
        offers("outbid", first, entry(A, 0, B, 11, 2)),
        offers("underbid", first, entry(A, 0, B, 11, 1)),
        offers("sender-full", first, second, limits={**limits, "sender_transactions": 1}),
        offers("pool-full", first, entry(B, 0, A, 10), limits={**limits, "bytes": 1300}),
        offers("room-for-who-pays-more", first, entry(B, 0, A, 10, 2), limits={**limits, "bytes": 1300}),
        offers("own-full", first, second, own=True, limits={**limits, "own_bytes": 1300}),
        offers("no-payload-key", {"transaction": first["transaction"]}),
        offers("a-list-for-the-transaction", {**first, "transaction": list(first["transaction"].values())}),
    ]
    return made + [offers(name, given) for name, given in faulty_entries().items()]


def chain_cases():
    one = block([])
    payments = [entry(A, 0, B, 100), entry(A, 1, data="hello")]
    two, rival = block([one], payments, B), block([one], [entry(A, 0, C, 200)], C)
    rival_two = block([one, rival], [], C)
    three = block([one, two], [entry(B, 0, A, 50)])
    erased = {**two, "body": [two["body"][0], {**two["body"][1], "payload": None}]}
    keys = [A.hex, B.hex, C.hex]
    bad = losing(one, two)
    on_bad = block([one, bad], [])

    def arrive(name, *given, about=None, clock=CLOCK):
        return case(name, {"spec": SPEC, "clock": clock, "arrive": list(given), "keys": keys}, about)

    late = block([one], timestamp=START + 1000)
    wrong_index = block([one], index=3)
    made = [
        arrive("an-empty-block", one),
        arrive("three-blocks", one, two, three),
        arrive("a-payload-that-was-erased", one, erased),
        arrive("header-only", one, seven_keys(two), about="Seven keys are a hint and no more."),
        arrive("known", one, two, two),
        arrive("orphans", three, two, one),
        arrive("two-blocks-at-one-height", one, two, rival, about="Of equal work the smaller hash wins."),
        arrive("two-blocks-at-one-height-the-other-way", one, rival, two),
        arrive("a-branch-that-wins", one, two, rival, rival_two),
        arrive("a-bad-block-beside-the-chain", one, two, three, bad),
        arrive("a-bad-branch-that-would-win", one, two, bad, on_bad, bad, block([one, bad, on_bad])),
        arrive("a-bad-block-that-wins", one, bad),
        arrive("two-minutes-ahead", one, late, clock=late["timestamp"] - 120),
        arrive("more-than-two-minutes-ahead", one, late, clock=late["timestamp"] - 121),
        arrive("a-refused-parent", one, wrong_index, block([one, wrong_index], index=4)),
        arrive("pays-with-what-came-before-it", one, block([one], [entry(A, 0, B, 500), entry(B, 0, A, 400)])),
        arrive("pays-with-its-own-reward", block([], [entry(A, 0, B, 500)])),
    ]
    made += [arrive(f"block-{name}", one, given) for name, given in faulty_blocks(one, two).items()]
    made += [arrive(f"block-with-{name}", one, block([one], [given])) for name, given in faulty_entries().items()]
    made.append(arrive("block-with-replay", one, two, block([one, two], [payments[0]])))
    made.append(arrive("block-with-duplicate", one, block([one], [payments[0], payments[0]])))
    return made + header_cases(one, two, three)


def losing(one, two):
    """A block on `one` that spends too much, and comes after `two` where both are as high."""
    amount = 5000
    while True:
        bad = block([one], [entry(A, 0, B, amount)])
        if bad["hash"] > two["hash"]:
            return bad
        amount += 1


def faulty_blocks(one, two):
    """Blocks on `one` that break one rule each."""
    data = two["data"]
    assert set(data[8:]) & set("-_"), "the other alphabet would make no difference"
    values = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = data[:-1] + values[values.index(data[-1]) ^ 1]
    body = two["body"]
    many = [entry(A, number, B, 1) for number in range(6)]
    elsewhere = l.chain_id(OTHER)
    on_one = lambda **more: block([one], body, B, **more)
    transfers = [{"sender": "a", "receiver": "b", "amount": 1}]
    return {
        "of-another-chain": on_one(commitment={"chain_id": elsewhere}),
        "with-unsigned-transfers": on_one(transactions=transfers),
        "with-another-commitment": {**two, "commitment": {**two["commitment"], "miner": A.hex}},
        "with-another-spelling-of-its-data": on_one(data=twin),
        "with-padded-data": on_one(data=data + "="),
        "with-data-in-the-other-alphabet": on_one(data=data.replace("-", "+").replace("_", "/")),
        "with-another-hash": {**two, "hash": one["hash"]},
        "without-work": {**two, "nonce": 0, "hash": hash_at(two, 0)},
        "with-an-easy-target": on_one(commitment={"target": 0x1F010000}),
        "with-a-negative-target": on_one(commitment={"target": 0x1F80FFFF}),
        "with-a-target-it-does-not-meet": on_one(commitment={"target": 0x1D00FFFF}, mined=False) | work_for(on_one),
        "with-another-target": on_one(commitment={"target": 0x1F00FFFE}),
        "with-a-body-too-short": {**two, "body": body[:1]},
        "with-another-body": {**two, "body": body[::-1]},
        "with-another-count": on_one(commitment={"body_count": 3}),
        "with-another-root": on_one(commitment={"body_root": ZERO}),
        "with-a-body-too-large": block([one], many),
        "with-another-index": on_one(index=3),
        "with-index-0": on_one(index=0),
        "as-early-as-the-middle": on_one(timestamp=one["timestamp"]),
        "with-another-history": on_one(commitment={"history_root": l.merkle_root([bytes.fromhex(GENESIS)]).hex()}),
        "with-a-state-root": on_one(commitment={"state_root": "11" * 32}),
    }


def hash_at(whole, nonce):
    head, rest = preimage(whole, nonce)
    return l.sha256(head + rest).hex()


def work_for(on_one):
    """Nonce and hash that meet the limit, for a block that claims more."""
    found = mine(on_one(commitment={"target": 0x1D00FFFF}, mined=False))
    return {"nonce": found["nonce"], "hash": found["hash"]}


def header_cases(one, two, three):
    def follow(name, *given):
        return case(f"headers-{name}", {"spec": SPEC, "headers": [header(each) for each in given]})

    faults = faulty_blocks(one, two)
    names = ["of-another-chain", "with-another-target", "as-early-as-the-middle", "with-another-history", "with-another-index"]
    made = [follow("that-follow", one, two, three), follow("with-a-gap", one, three)]
    return made + [follow(name, one, faults[name]) for name in names]


def suites():
    return {"ledger-bytes": byte_cases(), "ledger-pool": pool_cases(), "ledger-blocks": chain_cases()}
