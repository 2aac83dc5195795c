"""The bytes and numbers of a ledger chain, without kusari: for check.py and make_ledger.py.

Needs Python 3 and nothing else. Signatures are checked and made here as well, slowly, and with no
care for secrets: never sign anything of value with this.
"""

import base64
import hashlib
import unicodedata

LIMIT = 0x1F00FFFF

# Borsh: numbers are little-endian, text has its length before it, fields stand one after another.


def sha256(data):
    return hashlib.sha256(data).digest()


def u32(number):
    return number.to_bytes(4, "little")


def u64(number):
    return number.to_bytes(8, "little")


def text(value):
    return u32(len(value.encode())) + value.encode()


def spec_bytes(spec):
    times = u32(spec["block_time_s"]) + u32(spec["half_life_s"]) + u64(spec["reward"])
    bounds = u32(spec["max_body_bytes"]) + u32(spec["max_data_bytes"]) + u64(spec["min_fee"])
    return text(spec["name"]) + bytes.fromhex(spec["salt"]) + times + bounds


def chain_id(spec):
    return sha256(spec_bytes(spec)).hex()


def spec_is_valid(spec):
    name, body, data = spec["name"], spec["max_body_bytes"], spec["max_data_bytes"]
    return (
        1 <= len(name) <= 64
        and name.strip() == name
        and name != "classic"
        and not any(unicodedata.category(character) == "Cc" for character in name)
        and 1 <= spec["block_time_s"] <= 3600
        and spec["half_life_s"] >= spec["block_time_s"]
        and spec["reward"] < 2**32
        and 1024 <= body <= 2**20
        and 1 <= data <= min(2**16, body - 256)
        and (spec["min_fee"] == 0 or spec["reward"] > 0)
    )


def commitment_bytes(c):
    roots = bytes.fromhex(c["history_root"]) + bytes.fromhex(c["state_root"])
    body = bytes.fromhex(c["body_root"]) + u32(c["body_count"])
    return bytes.fromhex(c["chain_id"]) + body + roots + u32(c["target"]) + bytes.fromhex(c["miner"])


def commitment_data(c):
    hashed = base64.urlsafe_b64encode(sha256(commitment_bytes(c)))
    return "kusari1:" + hashed.decode().rstrip("=")


def unsigned_bytes(t):
    numbers = u64(t["amount"]) + u64(t["fee"]) + u64(t["sequence"])
    keys = bytes.fromhex(t["sender"]) + bytes.fromhex(t["receiver"])
    return keys + numbers + bytes.fromhex(t["payload"]) + u32(t["payload_len"])


def signed_bytes(chain, t):
    return text("kusari-tx-1") + bytes.fromhex(chain) + unsigned_bytes(t)


def transaction_bytes(t):
    return unsigned_bytes(t) + bytes.fromhex(t["signature"])


def unsigned_statement_bytes(s):
    block = u32(s["height"]) + bytes.fromhex(s["hash"])
    return u64(s["sequence"]) + bytes.fromhex(s["previous"]) + block + u64(s["time"])


def signed_statement_bytes(chain, s):
    return text("kusari-witness-1") + bytes.fromhex(chain) + unsigned_statement_bytes(s)


def statement_bytes(s):
    return bytes.fromhex(s["key"]) + unsigned_statement_bytes(s) + bytes.fromhex(s["signature"])


def payload_bytes(payload):
    return bytes.fromhex(payload["salt"]) + text(payload["data"])


def merkle_root(leaves):
    """RFC 9162, section 2.1.1, word for word."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:]))


# Difficulty.


def compact_of(target):
    size = (target.bit_length() + 7) // 8
    mantissa = target << (8 * (3 - size)) if size <= 3 else target >> (8 * (size - 3))
    if mantissa & 0x800000:
        mantissa, size = mantissa >> 8, size + 1
    return size << 24 | mantissa


def target_of(compact):
    """The target, or None where the number is no target."""
    size, mantissa = compact >> 24, compact & 0x7FFFFF
    if compact & 0x800000 or mantissa == 0:
        return None
    target = mantissa << (8 * (size - 3)) if size >= 3 else mantissa >> (8 * (3 - size))
    if target >= 2**256 or compact_of(target) != compact:
        return None
    return target


def toward_zero(a, b):
    return a // b if a >= 0 else -(-a // b)


def next_compact(spec, parent_height, active_s):
    """aserti3-2d with block 1 as its anchor."""
    limit = target_of(LIMIT)
    if parent_height == 0:
        return LIMIT
    behind = active_s - spec["block_time_s"] * (parent_height - 1)
    exponent = toward_zero(behind * 65536, spec["half_life_s"])
    shift, x = exponent >> 16, exponent & 0xFFFF
    if shift >= 0:
        return LIMIT
    cubic = 195766423245049 * x + 971821376 * x**2 + 5127 * x**3 + 2**47
    target = limit * (65536 + (cubic >> 48))
    target = target >> min(-shift, 512) >> 16
    return compact_of(max(1, min(target, limit)))


def times(spec, timestamps):
    active, latest, after = 0, 0, []
    bound = max(6 * spec["block_time_s"], 240)
    for height, timestamp in enumerate(timestamps, 1):
        if height > 1:
            active += min(bound, max(0, timestamp - latest))
        latest = max(latest, timestamp)
        after.append({"active_s": active, "next_compact": next_compact(spec, height, active)})
    return after


# Ed25519 by the rules of ZIP-215.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)
ZERO = (0, 1, 1, 0)


def add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return (
        (f - e) * (h - g) % P,
        (h + g) * (f + e) % P,
        (h - g) * (h + g) % P,
        (f - e) * (f + e) % P,
    )


def times_point(scalar, point):
    total = ZERO
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def is_zero(point):
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0


def decoded(key):
    """The point of 32 bytes; a y of p or more stands for what is left of it. None for no point."""
    number = int.from_bytes(key, "little")
    sign, y = number >> 255, (number & (2**255 - 1)) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    if x % 2 != sign:
        x = -x % P
    return (x, y, 1, x * y % P)


def encoded(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decoded((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_usable(key):
    point = decoded(key)
    return point is not None and not is_zero(times_point(8, point))


def challenge(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


def verifies(key, message, signature):
    r, s = decoded(signature[:32]), int.from_bytes(signature[32:], "little")
    if not is_usable(key) or r is None or s >= L:
        return False
    right = add(r, times_point(challenge(signature[:32], key, message), decoded(key)))
    left = times_point(8 * s, BASE)
    right = times_point(8, right)
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


# Addresses: bech32m, prefix ks.

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32M = 0x2BC830A3


def polymod(values):
    check = 1
    for value in values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, part in enumerate([0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]):
            check ^= part if top >> bit & 1 else 0
    return check


def expanded(prefix):
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def bech32(prefix, values, constant=BECH32M):
    check = polymod(expanded(prefix) + values + [0] * 6) ^ constant
    check = [check >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(ALPHABET[value] for value in values + check)


def fives(data, padding=0):
    """Bytes as numbers of five bits."""
    spare = -len(data) * 8 % 5
    number = int.from_bytes(data, "big") << spare | padding
    count = (len(data) * 8 + spare) // 5
    return [number >> 5 * (count - 1 - place) & 31 for place in range(count)]


def address(key):
    return bech32("ks", fives(key))


def answer_address(written):
    lower = written.lower()
    prefix, one, rest = lower.rpartition("1")
    if written not in (lower, written.upper()) or not one or not prefix or len(rest) < 6:
        return {"error": "damaged"}
    if any(character not in ALPHABET for character in rest):
        return {"error": "damaged"}
    values = [ALPHABET.index(character) for character in rest]
    if polymod(expanded(prefix) + values) != BECH32M:
        return {"error": "damaged"}
    if prefix != "ks":
        return {"error": "other-prefix"}
    number = sum(value << 5 * place for place, value in enumerate(reversed(values[:-6])))
    size, spare = divmod(5 * len(values[:-6]), 8)
    if size != 32:
        return {"error": "wrong-length"}
    key = (number >> spare).to_bytes(32, "big")
    if not is_usable(key):
        return {"error": "unusable-key"}
    if address(key) != lower:
        return {"error": "damaged"}
    return {"key": key.hex(), "address": lower}


def expand(part):
    """Bytes in the notation of the suites."""
    if isinstance(part, str):
        return part.encode()
    if isinstance(part, list):
        return b"".join(map(expand, part))
    return bytes.fromhex(part["hex"]) if "hex" in part else expand(part["repeat"]) * part["times"]


def answer(question):
    """What the suite ledger-bytes asks."""
    spec = question.get("spec")
    if "timestamps" in question:
        return {"after": times(spec, question["timestamps"])}
    if "parent_height" in question:
        return {"compact": next_compact(spec, question["parent_height"], question["active_s"])}
    if spec:
        verdict = "valid" if spec_is_valid(spec) else "invalid"
        return {"bytes": spec_bytes(spec).hex(), "chain_id": chain_id(spec), "verdict": verdict}
    if "commitment" in question:
        written = commitment_bytes(question["commitment"])
        data = commitment_data(question["commitment"])
        return {"bytes": written.hex(), "hash": sha256(written).hex(), "data": data}
    if "leaves" in question:
        return {"root": merkle_root([expand(leaf) for leaf in question["leaves"]]).hex()}
    if "compact" in question:
        target = target_of(question["compact"])
        if target is None:
            return {"target": None, "work": None}
        return {"target": "%064x" % target, "work": "%064x" % (2**256 // (target + 1))}
    if "target" in question:
        return {"compact": compact_of(int(question["target"], 16))}
    if "transaction" in question:
        t = question["transaction"]
        message, written = signed_bytes(question["chain_id"], t), transaction_bytes(t)
        key, signature = bytes.fromhex(t["sender"]), bytes.fromhex(t["signature"])
        return {
            "signed_bytes": message.hex(),
            "signature_holds": verifies(key, message, signature),
            "bytes": written.hex(),
            "txid": sha256(written).hex(),
            "weight": len(written) + t["payload_len"],
        }
    if "statement" in question:
        s = question["statement"]
        message, written = signed_statement_bytes(question["chain_id"], s), statement_bytes(s)
        key, signature = bytes.fromhex(s["key"]), bytes.fromhex(s["signature"])
        return {
            "signed_bytes": message.hex(),
            "signature_holds": verifies(key, message, signature),
            "bytes": written.hex(),
            "statement_hash": sha256(written).hex(),
        }
    if "payload" in question:
        written = payload_bytes(question["payload"])
        return {"bytes": written.hex(), "hash": sha256(written).hex()}
    if "address" in question:
        return answer_address(question["address"])
    return {"address": address(bytes.fromhex(question["key"]))}
