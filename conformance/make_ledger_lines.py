"""The inputs of the suite ledger-lines."""

import json

import ledger as l
from make_ledger_tools import A, B, CHAIN, GENESIS, START, ZERO, block, case, entry, header, seven_keys, statement


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parts():
    one = block([])
    two = block([one], [entry(A, 0, B, 100), entry(A, 1, data="hello")], B)
    return one, two


def examples():
    """A line for each verb that only a ledger has, and whole blocks, in the canonical form."""
    one, two = parts()
    txid = l.sha256(l.transaction_bytes(two["body"][1]["transaction"])).hex()
    txids = [l.sha256(l.transaction_bytes(each["transaction"])).hex() for each in two["body"]]
    hash_ = two["hash"]
    return {
        "block": "BLOCK:" + compact(two),
        "tx": "TX:" + compact(two["body"][1]),
        "tx-without-payload": "TX:" + compact(two["body"][0]),
        "accepted": "ACCEPTED:" + compact({"txid": txid}),
        "get-mempool": "GET_MEMPOOL",
        "get-headers": "GET_HEADERS:" + compact({"locator": [one["hash"]], "limit": 1024}),
        "headers": "HEADERS:" + compact([header(two)]),
        "compact": "COMPACT:" + compact({**header(two), "txids": txids}),
        "get-transactions": "GET_TRANSACTIONS:" + compact({"hash": hash_, "places": [1]}),
        "transactions": "TRANSACTIONS:" + compact({"hash": hash_, "entries": [two["body"][1]]}),
        "witness": "WITNESS:" + compact(statement(A, 0, 2, hash_)),
    }


def changed(text, old, new):
    assert old in text, old
    return text.replace(old, new, 1)


def variants(line):
    """What is read for the same, and what is not."""
    one, two = parts()
    witness, said = line["witness"], json.loads(line["witness"][8:])
    tx, plain, whole = line["tx"], line["tx-without-payload"], line["block"]
    key = f'"sender":"{A.hex}"'
    digits = f'"sender":"{A.hex.upper()}"'
    fields = json.loads(tx[3:])
    turned = {name: fields[name] for name in ["payload", "transaction"]}
    turned["transaction"] = dict(reversed(fields["transaction"].items()))
    as_list = {**fields, "transaction": list(fields["transaction"].values())}
    commitment = compact(two["commitment"])
    return {
        "tx-keys-in-another-order": "TX:" + compact(turned),
        "tx-with-spaces": "TX: " + json.dumps(fields, ensure_ascii=False) + " \r",
        "tx-in-capitals": changed(tx, key, digits),
        "tx-with-unknown-keys": changed(tx, "TX:{", 'TX:{"later":[1],'),
        "tx-as-a-list": "TX:" + compact(list(fields.values())),
        "tx-with-a-list-inside": "TX:" + compact(as_list),
        "tx-with-a-doubled-key": changed(tx, key, key + "," + key),
        "tx-without-the-payload-key": changed(plain, ',"payload":null}', "}"),
        "tx-with-a-fraction": changed(plain, '"amount":100', '"amount":100.0'),
        "tx-with-a-number-in-quotes": changed(plain, '"amount":100', '"amount":"100"'),
        "tx-with-a-number-out-of-range": changed(plain, '"amount":100', '"amount":18446744073709551616'),
        "tx-with-a-sign": changed(plain, '"fee":1', '"fee":-1'),
        "tx-with-a-short-key": changed(tx, key, key[:-3] + '"'),
        "tx-with-something-behind-it": tx + "{}",
        "tx-that-is-cut-off": tx[:-1],
        "tx-with-another-amount": changed(plain, '"amount":100', '"amount":101'),
        "tx-without-its-payload": "TX:" + compact({**fields, "payload": None}),
        "accepted-as-a-list": "ACCEPTED:" + compact([ZERO]),
        "accepted-without-an-id": "ACCEPTED:{}",
        "get-mempool-with-something": "GET_MEMPOOL:anything",
        "get-headers-without-a-limit": "GET_HEADERS:" + compact({"locator": []}),
        "get-headers-beyond-the-limit": "GET_HEADERS:" + compact({"locator": [GENESIS], "limit": 4294967295}),
        "get-headers-without-a-locator": 'GET_HEADERS:{"limit":1}',
        "get-headers-longest-locator": ['GET_HEADERS:{"locator":[', {"repeat": f'"{GENESIS}",', "times": 63}, f'"{GENESIS}"]}}'],
        "get-headers-locator-too-long": ['GET_HEADERS:{"locator":[', {"repeat": f'"{GENESIS}",', "times": 64}, f'"{GENESIS}"]}}'],
        "headers-none": "HEADERS:[]",
        "headers-as-an-object": "HEADERS:{}",
        "headers-without-a-commitment": "HEADERS:" + compact([seven_keys(two)]),
        "headers-with-a-wrong-hash": changed(line["headers"], two["hash"], one["hash"]),
        "headers-too-many": ["HEADERS:[", {"repeat": compact(header(two)) + ",", "times": 1024}, compact(header(two)), "]"],
        "compact-of-an-empty-block": "COMPACT:" + compact({**header(one), "txids": []}),
        "compact-with-too-few-ids": "COMPACT:" + compact({**header(two), "txids": []}),
        "compact-without-ids": "COMPACT:" + compact(header(two)),
        "get-transactions-none": "GET_TRANSACTIONS:" + compact({"hash": two["hash"], "places": []}),
        "get-transactions-below-zero": "GET_TRANSACTIONS:" + compact({"hash": two["hash"], "places": [-1]}),
        "get-transactions-too-many": ['GET_TRANSACTIONS:{"hash":"' + two["hash"] + '","places":[', {"repeat": "0,", "times": 6000}, "0]}"],
        "transactions-none": "TRANSACTIONS:" + compact({"hash": two["hash"], "entries": []}),
        "transactions-of-no-form": "TRANSACTIONS:" + compact({"hash": two["hash"], "entries": [{}]}),
        "transactions-too-many": ['TRANSACTIONS:{"hash":"' + two["hash"] + '","entries":[', {"repeat": plain[3:] + ",", "times": 6000}, plain[3:] + "]}"],
        "witness-keys-in-another-order": "WITNESS:" + compact(dict(reversed(said.items()))),
        "witness-with-unknown-keys": changed(witness, "WITNESS:{", 'WITNESS:{"later":[1],'),
        "witness-as-a-list": "WITNESS:" + compact(list(said.values())),
        "witness-without-a-time": "WITNESS:" + compact({name: said[name] for name in said if name != "time"}),
        "witness-with-a-doubled-key": changed(witness, '"sequence":0', '"sequence":0,"sequence":0'),
        "witness-with-a-number-out-of-range": changed(witness, '"height":2', '"height":4294967296'),
        "witness-with-another-height": changed(witness, '"height":2', '"height":3'),
        "witness-with-the-key-of-another": "WITNESS:" + compact({**said, "key": B.hex}),
        "witness-of-a-block-that-nobody-has": "WITNESS:" + compact(statement(B, 2**53 - 1, 2**32 - 1, "ab" * 32, "cd" * 32)),
        "block-of-an-empty-body": "BLOCK:" + compact(one),
        "block-of-seven-keys": "BLOCK:" + compact(seven_keys(two)),
        "block-without-a-body": "BLOCK:" + compact(header(two)),
        "block-without-a-commitment": changed(whole, f'"commitment":{commitment},', ""),
        "block-with-null-for-a-body": "BLOCK:" + compact({**two, "body": None}),
        "block-with-a-doubled-body": changed(whole, '"body":[', '"body":[],"body":['),
        "block-with-the-commitment-first": "BLOCK:" + compact(dict(reversed(two.items()))),
        "block-with-a-list-for-the-commitment": changed(whole, commitment, compact(list(two["commitment"].values()))),
        "block-with-its-root-in-capitals": changed(whole, two["commitment"]["body_root"], two["commitment"]["body_root"].upper()),
        "hello": 'HELLO:' + compact({"agent": "kusari/0.1.0", "protocol": 1, "chain": CHAIN, "height": 2, "work": "%064x" % 131074, "tip": two["hash"], "listen": 8080, "id": "0123456789abcdef"}),
        "have": "HAVE:" + compact({"hash": two["hash"], "height": 2, "work": "%064x" % 131074}),
        "unknown-verb": "WITHDRAW:{}",
    }


def cases():
    line = examples()
    every = {**line, **variants(line)}
    made = [case(name, {"chain": CHAIN, "line": given}) for name, given in every.items()]
    elsewhere = "22" * 32
    for name in ["block", "tx", "headers", "compact", "witness"]:
        made.append(case(f"{name}-on-another-chain", {"chain": elsewhere, "line": line[name]}))
    return made
