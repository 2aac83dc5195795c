"""How the chains and files of the suite proofs are made."""

import copy
import json

import ledger as l
from make_ledger_tools import A, GENESIS, START, ZERO

SPEC = {
    "name": "proofs",
    "salt": "22" * 32,
    "block_time_s": 10,
    "half_life_s": 600,
    "reward": 1000,
    "max_body_bytes": 2**20,
    "max_data_bytes": 2**16,
    "min_fee": 1,
}
CHAIN = l.chain_id(SPEC)
LIMIT = l.target_of(l.LIMIT)
COMMITTED = ["body_root", "body_count", "history_root", "state_root", "target", "miner"]


class Tree:
    """A tree of RFC 9162, of any size: leaves that were not given are all the same."""

    def __init__(self):
        self.leaves, self.same = {}, {1: l.sha256(b"\0" + bytes(32))}

    def root(self, start, count):
        if not any(start <= place < start + count for place in self.leaves):
            if count not in self.same:
                self.same[count] = self.split(start, count)
            return self.same[count]
        if count == 1:
            return l.sha256(b"\0" + self.leaves[start])
        return self.split(start, count)

    def split(self, start, count):
        left = 1 << (count - 1).bit_length() - 1
        return l.sha256(b"\1" + self.root(start, left) + self.root(start + left, count - left))

    def path(self, i, sizes):
        """What the paths from leaf i to the roots over so many leaves share, and the rest of each."""
        siblings, rests = [], []
        for n in sizes:
            top = (i ^ n).bit_length() - 1
            used = [level for level in range(n.bit_length()) if level < top or (level > top and i >> level & 1)]
            for level in used:
                siblings += [None] * (level + 1 - len(siblings))
                siblings[level] = self.root((i >> level ^ 1) << level, 1 << level).hex()
            after = ((i >> top) + 1) << top
            rests.append(self.root(after, n - after).hex() if after < n else None)
        return siblings, rests


def mined(block, target, avoid=False):
    """With the first nonce whose hash meets the target; or does not, where that is to be avoided."""
    promised = b"".join(field(block[key]) for key in COMMITTED)
    data = l.base64.urlsafe_b64encode(l.sha256(bytes.fromhex(CHAIN) + promised)).rstrip(b"=")
    head = field(block["index"]) + field(block["timestamp"])
    tail = bytes.fromhex(block["prev_hash"]) + b"kusari1:" + data
    nonce = 0
    while True:
        found = l.sha256(head + nonce.to_bytes(8, "little") + tail)
        if (int.from_bytes(found, "big") <= target) != avoid:
            return {**block, "nonce": str(nonce), "hash": found.hex()}
        nonce += 1


def field(value):
    """A number is 4 bytes, one that is written as text 8, and hexadecimal digits are bytes."""
    if isinstance(value, int):
        return l.u32(value)
    return l.u64(int(value)) if len(value) < 32 else bytes.fromhex(value)


class Chain:
    """Blocks by their height, with what the tree over all hashes needs."""

    def __init__(self):
        self.blocks, self.bodies, self.history = {}, {}, Tree()
        self.history.leaves[0] = bytes.fromhex(GENESIS)
        self.tip = 0

    def add(self, body=(), index=None, avoid=False, **changes):
        """A block on the tip, or far above it; some of it changed before it is mined."""
        index = self.tip + 1 if index is None else index
        tree = Tree()
        tree.leaves = {place: l.transaction_bytes(each["transaction"]) for place, each in enumerate(body)}
        block = {
            "index": index,
            "timestamp": str(START + 10 * index),
            "nonce": "0",
            "prev_hash": self.history.leaves.get(index - 1, bytes(32)).hex(),
            "hash": ZERO,
            "body_root": (tree.root(0, len(body)) if body else l.sha256(b"")).hex(),
            "body_count": len(body),
            "history_root": self.history.root(0, index).hex(),
            "state_root": ZERO,
            "target": l.LIMIT,
            "miner": A.hex,
        }
        block.update(changes)
        # A number that is no target is still to be met by the value that its bits could mean.
        meant = (block["target"] & 0x7FFFFF) << 8 * max(0, (block["target"] >> 24) - 3)
        self.blocks[index] = mined(block, meant or LIMIT, avoid)
        self.bodies[index] = (list(body), tree)
        self.history.leaves[index] = bytes.fromhex(self.blocks[index]["hash"])
        self.tip = index
        return index

    def proof(self, index, place=0, later=(), earlier=(), statements=(), erased=False):
        body, tree = self.bodies[index]
        block = self.blocks[index]
        siblings, rests = tree.path(place, [len(body)])
        shared, later_rests = self.history.path(index, later)
        carried = None if erased else body[place]["payload"]
        number = ["amount", "fee", "sequence"]
        sent = {key: str(value) if key in number else value for key, value in body[place]["transaction"].items()}
        without = lambda header: {key: value for key, value in header.items() if key != "history_root"}
        return {
            "format": "kusari-proof-1",
            "chain_id": CHAIN,
            "transaction": sent,
            "payload": carried,
            "body": {"place": place, "siblings": siblings, "rest": rests[0]},
            "block": block,
            "siblings": shared,
            "later": [{**without(self.blocks[n]), "rest": rest} for n, rest in zip(later, later_rests)],
            "earlier": [self.earlier(height, index) for height in earlier],
            "statements": list(statements),
        }

    def earlier(self, height, index):
        siblings, rests = self.history.path(height, [index])
        hash_ = self.history.leaves[height].hex()
        return {"height": height, "hash": hash_, "siblings": siblings, "rest": rests[0]}

    def consistency(self, height, index):
        earlier = self.earlier(height, index)
        return {"format": "kusari-consistency-1", "chain_id": CHAIN, "earlier": earlier, "later": self.blocks[index]}

    def statement(self, key, sequence, height, time, previous=ZERO, torsion=l.ZERO):
        hash_ = self.history.leaves[height].hex()
        numbers = bytes.fromhex(previous) + l.u32(height) + bytes.fromhex(hash_) + l.u64(time)
        message = l.text("kusari-witness-1") + bytes.fromhex(CHAIN) + l.u64(sequence) + numbers
        return {
            "key": key.hex,
            "sequence": str(sequence),
            "previous": previous,
            "height": height,
            "hash": hash_,
            "time": str(time),
            "signature": key.sign(message, torsion).hex(),
        }


def written(proof):
    return json.dumps(proof, separators=(",", ":"), ensure_ascii=False)


def changed(proof, *changes):
    """A copy in which what stands at each path of keys is another value."""
    proof = copy.deepcopy(proof)
    for *keys, last, value in changes:
        part = proof
        for key in keys:
            part = part[key]
        part[last] = value(part[last]) if callable(value) else value
    return proof


def flipped(digits):
    """Bytes in which one bit is another one."""
    return digits[:-1] + "%x" % (int(digits[-1], 16) ^ 1)


def work(proof):
    hashes = sorted(int(block["hash"], 16) for block in [proof["block"], *proof["later"]])[:6]
    return str((len(hashes) << 256) // (hashes[-1] + 1))
