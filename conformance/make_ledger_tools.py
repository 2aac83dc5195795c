"""How the inputs of the ledger suites are signed and mined."""

import hashlib

import ledger as l

GENESIS = "000009fd818a1c6a6577cfda48a44f72d5c3e7359fe9bf808b959e4b56a06f13"
GENESIS_TIME = 1672531200
START = 1700000000
ZERO = "00" * 32
SALT = "000102030405060708090a0b0c0d0e0f"
SPEC = {
    "name": "conformance",
    "salt": "11" * 32,
    "block_time_s": 10,
    "half_life_s": 600,
    "reward": 1000,
    "max_body_bytes": 1024,
    "max_data_bytes": 100,
    "min_fee": 1,
}
CHAIN = l.chain_id(SPEC)
LIMIT = l.target_of(l.LIMIT)


class Key:
    """A key made from a number, which no secret should be."""

    def __init__(self, number):
        digest = hashlib.sha512(bytes([number]) * 32).digest()
        scalar = int.from_bytes(digest[:32], "little")
        self.scalar = scalar & (2**254 - 8) | 2**254
        self.prefix = digest[32:]
        self.bytes = l.encoded(l.times_point(self.scalar, l.BASE))
        self.hex = self.bytes.hex()

    def sign(self, message, torsion=l.ZERO):
        r = l.challenge(self.prefix, message)
        point = l.encoded(l.add(l.times_point(r, l.BASE), torsion))
        s = (r + l.challenge(point, self.bytes, message) * self.scalar) % l.L
        return point + s.to_bytes(32, "little")


A, B, C = Key(1), Key(2), Key(3)


def payload(data):
    return {"salt": SALT, "data": data}


def entry(key, sequence, receiver=None, amount=0, fee=1, data=None, chain=CHAIN, **changes):
    """What a TX line carries. `changes` are made before it is signed, `signature` after."""
    carried = None if data is None else payload(data)
    t = {
        "sender": key.hex,
        "receiver": (receiver or key).hex,
        "amount": amount,
        "fee": fee,
        "sequence": sequence,
        "payload": ZERO if carried is None else l.sha256(l.payload_bytes(carried)).hex(),
        "payload_len": 0 if carried is None else len(data.encode()),
    }
    signature = changes.pop("signature", None)
    t.update(changes)
    t["signature"] = signature or key.sign(l.signed_bytes(chain, t)).hex()
    return {"transaction": t, "payload": carried}


def statement(key, sequence, height, hash_, previous=ZERO, time=START, chain=CHAIN):
    """What a WITNESS line carries."""
    s = {"key": key.hex, "sequence": sequence, "previous": previous, "height": height, "hash": hash_, "time": time}
    return {**s, "signature": key.sign(l.signed_statement_bytes(chain, s)).hex()}


def preimage(block, nonce):
    head = l.u32(block["index"]) + l.u64(block["timestamp"]) + l.u64(nonce)
    rest = bytes.fromhex(block["prev_hash"])
    for transfer in block["transactions"]:
        rest += transfer["sender"].encode() + transfer["receiver"].encode()
        rest += l.u64(transfer["amount"])
    return head, rest + block["data"].encode()


def mine(block, target=LIMIT):
    """The block with the first nonce whose hash meets the target."""
    nonce = 0
    while True:
        head, rest = preimage(block, nonce)
        found = l.sha256(head + rest)
        if int.from_bytes(found, "big") <= target:
            return {**block, "nonce": nonce, "hash": found.hex()}
        nonce += 1


def state_of(chain):
    """Timestamps of the blocks of a chain, from block 1 on."""
    return [block["timestamp"] for block in chain]


def block(chain, body=(), miner=A, commitment=None, mined=True, **changes):
    """A whole block on top of `chain`, a list of blocks; some keys of it changed before it is mined."""
    body = list(body)
    hashes = [GENESIS] + [below["hash"] for below in chain]
    after = l.times(SPEC, state_of(chain))
    leaves = [l.transaction_bytes(each["transaction"]) for each in body]
    promised = {
        "chain_id": CHAIN,
        "body_root": l.merkle_root(leaves).hex(),
        "body_count": len(body),
        "history_root": l.merkle_root([bytes.fromhex(each) for each in hashes]).hex(),
        "state_root": ZERO,
        "target": after[-1]["next_compact"] if after else l.LIMIT,
        "miner": miner.hex,
    }
    promised.update(commitment or {})
    made = {
        "index": len(chain) + 1,
        "timestamp": START + 10 * len(chain),
        "nonce": 0,
        "data": l.commitment_data(promised),
        "prev_hash": hashes[-1],
        "hash": ZERO,
        "transactions": [],
    }
    made.update(changes)
    if mined:
        target = min(l.target_of(promised["target"]) or LIMIT, LIMIT)
        made = mine(made, target)
    return {**made, "commitment": promised, "body": body}


def header(whole):
    return {key: value for key, value in whole.items() if key != "body"}


def seven_keys(whole):
    return {key: value for key, value in header(whole).items() if key != "commitment"}


def case(name, given, about=None):
    made = {"name": name, "input": given}
    return {**made, "about": about} if about else made
