#!/usr/bin/env python3
"""A node of the classic chain, written from docs/formats/wire.md and nothing else.

Needs Python 3.11 and nothing else. It dials nodes and takes connections, catches up, checks every block, mines
what is typed, and passes blocks on. It keeps nothing when it ends: a node for people needs more.

    python3 conformance/peer.py --listen 8090 --connect 127.0.0.1:8080
"""

import argparse
import hashlib
import json
import queue
import secrets
import socket
import string
import sys
import threading
import time
from contextlib import suppress

KEYS = ["index", "timestamp", "nonce", "data", "prev_hash", "hash", "transactions"]
GENESIS = "000009fd818a1c6a6577cfda48a44f72d5c3e7359fe9bf808b959e4b56a06f13"
TARGET = 2**240 - 1
WORK = 2**256 // (TARGET + 1)
MAX_PLAIN_LINE, MAX_LINE, MAX_BLOCK_LINE = 4096, 2**20, 2**23
MAX_LOCATOR, MAX_HASHES, MAX_BLOCKS, MAX_ORPHANS = 64, 128, 256, 256
MAX_WAITING = 256  # answers and blocks that wait for one peer


class Refused(Exception):
    """Why a line is refused: the code of an ERROR line, and a sentence."""


def hash_of(block):
    whole = block["index"].to_bytes(4, "little") + block["timestamp"].to_bytes(8, "little")
    whole += block["nonce"].to_bytes(8, "little") + bytes.fromhex(block["prev_hash"])
    for transfer in block["transactions"]:
        whole += transfer["sender"].encode() + transfer["receiver"].encode()
        whole += transfer["amount"].to_bytes(8, "little")
    return hashlib.sha256(whole + block["data"].encode()).hexdigest()


def mine(height, tip, text):
    block = dict(zip(KEYS, [height + 1, int(time.time()), 0, text, tip, "", []]))
    while int(hash_ := hash_of(block), 16) > TARGET:
        block["nonce"] += 1
    return block | {"hash": hash_}


def canonical(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def line_of(block):
    return "BLOCK:" + canonical(block)


def read_block(text):
    """A block that keeps every rule which it shows by itself, its keys in the canonical order."""
    value = read_json("BLOCK", text)
    kinds = [(int, 32), (int, 64), (int, 64), (str,), (str, 64), (str, 64), (list,)]
    block = {key: field(value, key, *kind) for key, kind in zip(KEYS, kinds)}
    kinds = {"sender": (str,), "receiver": (str,), "amount": (int, 64)}
    block["transactions"] = [
        {key: field(transfer, key, *kind) for key, kind in kinds.items()}
        for transfer in block["transactions"]
    ]
    if len(line_of(block).encode()) + 1 > MAX_PLAIN_LINE:
        raise Refused("block-too-long", "the canonical line has more than 4,096 bytes")
    if block["index"] == 0:
        raise Refused("bad-genesis", "only the genesis block has index 0, and nobody sends it")
    if hash_of(block) != block["hash"]:
        raise Refused("bad-hash", f"the content hashes to {hash_of(block)}")
    if int(block["hash"], 16) > TARGET:
        raise Refused("too-little-work", "the hash does not meet the target")
    return block


def once(pairs):
    if len({key for key, _ in pairs}) < len(pairs):
        raise Refused("bad-field", "a key comes twice")
    return dict(pairs)


def digits_alone(text):
    if not text.isdigit():
        raise Refused("bad-field", f"{text} is no whole number")
    return int(text)


NUMBERS = dict.fromkeys(["parse_int", "parse_float", "parse_constant"], digits_alone)
JSON = json.JSONDecoder(object_pairs_hook=once, **NUMBERS)


def read_json(verb, text):
    try:
        value = JSON.decode(text.strip(" \t\r"))
        canonical(value).encode()  # fails at what was no UTF-8, and at half a pair of surrogates
        return value
    except (ValueError, RecursionError) as error:
        raise Refused("bad-json", f"{verb} carries no valid JSON: {error}") from None


def field(value, key, kind, size=None):
    """A field that must be there: a number of so many bits, so many hexadecimal digits, a string or a list."""
    found = value.get(key) if type(value) is dict else None
    right = type(found) is kind
    if right and size:
        is_hex = lambda: len(found) == size and set(found) <= set(string.hexdigits)
        right = found < 2**size if kind is int else is_hex()
    if not right:
        raise Refused("bad-field", f"`{key}` is missing, or not as it must be")
    return found.lower() if kind is str and size else found


def hashes(value, key, most):
    if len(field(value, key, list)) > most:
        raise Refused("too-many", f"`{key}` lists more than {most}")
    return [field({key: one}, key, str, 64) for one in value[key]]


class Chain:
    """A tree of blocks, and the path to its best tip: `best[0]` has index 1."""

    def __init__(self):
        self.blocks, self.heights, self.best, self.orphans = {}, {GENESIS: 0}, [], {}

    def tip(self):
        return (self.best[-1]["index"], self.best[-1]["hash"]) if self.best else (0, GENESIS)

    def add(self, block):
        """The blocks that join the best chain because of this one, parents first; None where it is an orphan."""
        if block["hash"] in self.blocks:
            return []
        if block["prev_hash"] not in self.heights:
            self.orphans[block["hash"]] = block
            if len(self.orphans) > MAX_ORPHANS:
                del self.orphans[next(iter(self.orphans))]
            return None
        if block["index"] != self.heights[block["prev_hash"]] + 1:
            raise Refused("bad-index", "the index is not the parent's and one")
        added = [block]
        for parent in added:
            self.blocks[parent["hash"]], self.heights[parent["hash"]] = parent, parent["index"]
            for child in list(self.orphans.values()):
                if child["prev_hash"] == parent["hash"]:
                    del self.orphans[child["hash"]]
                    # One with a wrong index is dropped, and what is on it waits in vain.
                    added += [child] if child["index"] == parent["index"] + 1 else []
        return self.follow(min(added, key=lambda block: (-block["index"], block["hash"])))

    def follow(self, block):
        """Every block has the same work, so the highest tip has most; of two the smaller hash wins."""
        height, tip = self.tip()
        if (-block["index"], block["hash"]) > (-height, tip):
            return []
        branch = []
        while block is not None and not self.is_best(block):
            branch.insert(0, block)
            block = self.blocks.get(block["prev_hash"])
        self.best[branch[0]["index"] - 1 :] = branch
        return branch

    def is_best(self, block):
        return self.best[block["index"] - 1 : block["index"]] == [block]

    def locator(self):
        """Hashes of the best chain, newest first: ten in a row, and then at distances that double."""
        steps = [*range(1, 11), *(10 + 2**more for more in range(1, MAX_LOCATOR - 9))]
        return [self.best[-step]["hash"] for step in steps if step <= len(self.best)]

    def after(self, locator, limit):
        known = [self.blocks[hash_] for hash_ in locator if hash_ in self.blocks]
        start = next((block["index"] for block in known if self.is_best(block)), 0)
        return self.best[start : start + limit]


class Peer:
    def __init__(self, node, stream, dialled):
        self.node, self.stream, self.dialled = node, stream, dialled
        self.spoke = self.introduced = False
        self.work = 0  # what it claims
        self.asked_at = None  # our tip when it was asked for blocks, until its END
        self.asked_for_all = float("-inf")
        self.outgoing = queue.Queue(MAX_WAITING)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, *lines):
        """Leaves lines to the thread that writes; one that lets too many pile up is closed."""
        try:
            self.outgoing.put_nowait("".join(line + "\n" for line in lines).encode())
        except queue.Full:
            self.close()

    def write(self):
        with suppress(OSError):
            while lines := self.outgoing.get():
                self.stream.sendall(lines)
        self.close()

    def close(self):
        with suppress(OSError):
            self.stream.shutdown(socket.SHUT_RDWR)

    def talk(self):
        """Reads lines until the other side ends, or one is too long."""
        buffer = b""
        while piece := self.stream.recv(65536):
            buffer += piece
            while (end := buffer.find(b"\n")) >= 0:
                line, buffer = buffer[:end], buffer[end + 1 :]
                if end >= self.longest(line):
                    return
                self.hear(line.removesuffix(b"\r"))
            if len(buffer) >= self.longest(buffer):
                return

    def wait_for_hello(self):
        """One that was dialled and has not said HELLO by then is an original."""
        time.sleep(1)
        if not self.introduced:
            self.ask()

    def longest(self, line):
        if not self.introduced:
            return MAX_PLAIN_LINE
        return MAX_BLOCK_LINE if line.startswith(b"BLOCK:") else MAX_LINE

    def hear(self, line):
        self.spoke = True
        try:
            with self.node.lock:
                self.take(line.decode(errors="surrogateescape"))
        except Refused as refused:
            # One that did not say HELLO may be an original, which knows no ERROR.
            if self.introduced:
                self.refuse(*refused.args)

    def refuse(self, code, message):
        self.send("ERROR:" + canonical({"code": code, "message": message}))

    def take(self, line):
        if line.startswith("GET_CHAIN"):
            best = self.node.chain.best
            return self.send(*map(line_of, best)) if best else None
        verb, _, text = line.partition(":")
        if verb in ("BLOCK", "HELLO", "HAVE", "GET_BLOCKS", "END", "PING"):
            getattr(self, verb.lower())(text)
        elif verb not in ("ERROR", "PONG"):  # an ERROR is never answered
            raise Refused("unknown-verb", "there is no such verb here")

    def block(self, text):
        block = read_block(text)
        new = self.node.chain.add(block)
        if new is None:
            self.ask()
        else:
            self.node.tell(new, self)

    def hello(self, text):
        value = read_json("HELLO", text)
        if field(value, "chain", str) != "classic":
            self.refuse("wrong-chain", "this node follows the classic chain")
            return self.close()
        if field(value, "id", str, 16) == self.node.id:
            return self.close()
        if not self.introduced and not self.dialled:
            self.send(self.node.hello())
        self.introduced = True
        self.claims(field(value, "work", str, 64), field(value, "tip", str, 64))

    def have(self, text):
        value = read_json("HAVE", text)
        self.claims(field(value, "work", str, 64), field(value, "hash", str, 64))

    def claims(self, work, tip):
        self.work = int(work, 16)
        height, own = self.node.chain.tip()
        if self.work > height * WORK or self.work == height * WORK and tip < own:
            self.ask()

    def ask(self):
        """Asks for what follows on our chain; one without HELLO for all it has."""
        if not self.introduced and time.monotonic() - self.asked_for_all > 60:
            self.asked_for_all = time.monotonic()
            self.send("GET_CHAIN")
        elif self.introduced and self.asked_at is None:
            self.asked_at = self.node.chain.tip()
            question = {"locator": self.node.chain.locator(), "limit": MAX_BLOCKS}
            self.send("GET_BLOCKS:" + canonical(question))

    def end(self, text):
        field(read_json("END", text), "count", int, 32)
        before, self.asked_at = self.asked_at, None
        # A claim is no more than a claim: where an answer led to nothing, nothing more is asked.
        if before != (tip := self.node.chain.tip()) and self.work > tip[0] * WORK:
            self.ask()

    def get_blocks(self, text):
        given, chain = read_json("GET_BLOCKS", text), self.node.chain
        pairs = given.items() if type(given) is dict else []
        given = {key: one for key, one in pairs if one is not None}
        if ("locator" in given) == ("hashes" in given):
            raise Refused("bad-field", "either `locator` or `hashes` is needed, and not both")
        if "locator" in given:
            limit = field({"limit": MAX_BLOCKS} | given, "limit", int, 32)
            locator = hashes(given, "locator", MAX_LOCATOR)
            found, missing = chain.after(locator, min(limit, MAX_BLOCKS)), []
        else:
            wanted = hashes(given, "hashes", MAX_HASHES)
            found = [chain.blocks[hash_] for hash_ in wanted if hash_ in chain.blocks]
            missing = [hash_ for hash_ in wanted if hash_ not in chain.blocks]
        end = canonical({"count": len(found), "missing": missing})
        self.send(*map(line_of, found), "END:" + end)

    def ping(self, text):
        if not self.introduced:
            raise Refused("hello-first", "PING is answered after HELLO")
        self.send(f"PONG:{field({'PING': read_json('PING', text)}, 'PING', int, 64)}")


class Node:
    def __init__(self, port):
        self.lock, self.id = threading.RLock(), secrets.token_hex(8)
        self.chain, self.peers = Chain(), set()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port = self.listener.getsockname()[1]

    def hello(self):
        height, tip = self.chain.tip()
        hello = {"agent": "peer.py/1", "protocol": 1, "chain": "classic", "height": height}
        hello |= {"work": f"{height * WORK:064x}", "tip": tip, "listen": self.port, "id": self.id}
        return "HELLO:" + canonical(hello)

    def tell(self, new, sender):
        """Passes blocks on to every peer that spoke but their sender."""
        for block in new:
            print(f"Added block index={block['index']}, hash={block['hash']}", flush=True)
        for peer in self.peers:
            if new and peer.spoke and peer is not sender:
                peer.send(*map(line_of, new))

    def say(self, text):
        """Mines a line on the tip; again on another one where a block came meanwhile."""
        while True:
            height, tip = self.chain.tip()
            block = mine(height, tip, text)
            with self.lock:
                if self.chain.tip() == (height, tip):
                    return self.tell(self.chain.add(block), None)

    def serve(self, stream, dialled=False):
        peer = Peer(self, stream, dialled)
        with self.lock:
            self.peers.add(peer)
        start(peer.write)
        if dialled:
            peer.send(self.hello())
            start(peer.wait_for_hello)
        with suppress(OSError):  # an end like any other
            peer.talk()
        with self.lock:
            self.peers.discard(peer)
        peer.send()  # no lines: what waits is still written, and then the connection ends

    def accept(self):
        while True:
            start(self.serve, self.listener.accept()[0])

    def dial(self, address):
        host, _, port = address.rpartition(":")
        while True:
            with suppress(OSError):
                self.serve(socket.create_connection((host, int(port))), dialled=True)
            time.sleep(1)


def start(work, *about):
    threading.Thread(target=work, args=about, daemon=True).start()


def main():
    arguments = argparse.ArgumentParser(description="A node of the classic chain.")
    arguments.add_argument("--listen", type=int, default=0, metavar="PORT")
    arguments.add_argument("--connect", action="append", default=[], metavar="HOST:PORT")
    given = arguments.parse_args()
    node = Node(given.listen)
    print(f"Listening on 127.0.0.1:{node.port}", flush=True)
    start(node.accept)
    for address in given.connect:
        start(node.dial, address)
    for line in sys.stdin:
        node.say(line.removesuffix("\n"))


if __name__ == "__main__":
    main()
