#!/usr/bin/env python3
"""Writes the vectors of the ledger rules, from the protocol's text and the standard library alone.

    python3 crates/chain/tests/chain/ledger/reference.py > crates/chain/tests/vectors/ledger.json

Everything follows from fixed numbers, so the output is the same on every machine. Numbers that
JSON readers may round are decimal strings, bytes are hexadecimal digits.
"""

import base64
import hashlib
import json

LIMIT_BITS = 0x1F00FFFF
RADIX = 1 << 16


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def numbers(seed, count, below):
    """A fixed sequence without a pattern: SHA-256 of a name and a counter."""
    words = (sha256(seed.encode(), i.to_bytes(4, "little")) for i in range(count))
    return [int.from_bytes(word, "little") % below for word in words]


# Borsh: little-endian integers, bytes as they are, text with its length before it.


def u32(value):
    return value.to_bytes(4, "little")


def u64(value):
    return value.to_bytes(8, "little")


def text(value):
    encoded = value.encode()
    return u32(len(encoded)) + encoded


def borsh_spec(spec):
    return b"".join([
        text(spec["name"]),
        bytes.fromhex(spec["salt"]),
        u32(spec["block_time_s"]),
        u32(spec["half_life_s"]),
        u64(spec["reward"]),
        u32(spec["max_body_bytes"]),
        u32(spec["max_data_bytes"]),
        u64(spec["min_fee"]),
    ])


def borsh_commitment(commitment):
    return b"".join([
        bytes.fromhex(commitment["chain_id"]),
        bytes.fromhex(commitment["body_root"]),
        u32(commitment["body_count"]),
        bytes.fromhex(commitment["history_root"]),
        bytes.fromhex(commitment["state_root"]),
        u32(commitment["target"]),
        bytes.fromhex(commitment["miner"]),
    ])


def borsh_unsigned(transaction):
    return b"".join([
        bytes.fromhex(transaction["sender"]),
        bytes.fromhex(transaction["receiver"]),
        u64(transaction["amount"]),
        u64(transaction["fee"]),
        u64(transaction["sequence"]),
        bytes.fromhex(transaction["payload"]),
        u32(transaction["payload_len"]),
    ])


def merkle(leaves):
    """RFC 9162, section 2.1.1."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return sha256(b"\0", leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1", merkle(leaves[:split]), merkle(leaves[split:]))


def target_of(bits):
    exponent, mantissa = bits >> 24, bits & 0x7FFFFF
    return mantissa << 8 * (exponent - 3) if exponent >= 3 else mantissa >> 8 * (3 - exponent)


def bits_of(target):
    size = (target.bit_length() + 7) // 8
    mantissa = target << 8 * (3 - size) if size <= 3 else target >> 8 * (size - 3)
    if mantissa & 0x800000:
        mantissa, size = mantissa >> 8, size + 1
    return size << 24 | mantissa


def truncated(numerator, denominator):
    quotient = abs(numerator) // denominator
    return quotient if numerator >= 0 else -quotient


def asert(parent, active, block_time, half_life):
    """Bits of the block after that of height `parent`, where `active` is A(parent)."""
    if parent == 0:
        return LIMIT_BITS
    height_diff = parent - 1
    time_diff = block_time + active
    exponent = truncated((time_diff - block_time * (height_diff + 1)) * RADIX, half_life)
    shifts = exponent >> 16
    fraction = exponent - shifts * RADIX
    factor = RADIX + (
        195766423245049 * fraction
        + 971821376 * fraction**2
        + 5127 * fraction**3
        + 2**47 >> 48
    )
    target = target_of(LIMIT_BITS) * factor
    # The limit cuts off whatever is this much easier; without a bound memory would not suffice.
    shifts = min(shifts, 256) - 16
    target = target << shifts if shifts >= 0 else target >> -shifts
    return bits_of(max(1, min(target, target_of(LIMIT_BITS))))


def active_times(timestamps, block_time):
    """A(1), A(2) and so on for the timestamps from block 1 on."""
    active, latest = [0], timestamps[0]
    for timestamp in timestamps[1:]:
        step = min(max(6 * block_time, 240), max(0, timestamp - latest))
        active.append(active[-1] + step)
        latest = max(latest, timestamp)
    return active


def specs():
    builtin = dict(name="ledger", salt="00" * 32, block_time_s=10, half_life_s=600, reward=1000,
                   max_body_bytes=1 << 20, max_data_bytes=64 << 10, min_fee=0)
    salted = dict(builtin, name="一族の記録 🦀", salt=sha256(b"salt").hex(), min_fee=7)
    slow = dict(name="x", salt="ff" * 32, block_time_s=3600, half_life_s=2**32 - 1,
                reward=2**32 - 1, max_body_bytes=1024, max_data_bytes=1, min_fee=2**64 - 1)
    return [dict(spec, chain_id=sha256(borsh_spec(spec)).hex()) for spec in [builtin, salted, slow]]


def commitments(chains):
    made = []
    for number, spec in enumerate(chains):
        part = lambda what: sha256(what.encode(), bytes([number])).hex()
        made.append(dict(
            chain_id=spec["chain_id"],
            body_root=merkle([]).hex() if number == 0 else part("body"),
            body_count=[0, 1, 2**32 - 1][number],
            history_root=part("history"),
            state_root="00" * 32 if number == 0 else part("state"),
            target=[LIMIT_BITS, 0x1D00FFFF, 0x01010000][number],
            miner=part("miner"),
        ))
    string = lambda made: base64.urlsafe_b64encode(sha256(borsh_commitment(made))).rstrip(b"=")
    return [dict(commitment=each, data="kusari1:" + string(each).decode()) for each in made]


def payloads():
    made = []
    for number, data in enumerate(["", "hello", "記録 🦀", "x" * 1000]):
        salt = sha256(b"payload", bytes([number]))[:16]
        hashed = sha256(salt, text(data))
        made.append(dict(salt=salt.hex(), data=data, payload=hashed.hex(),
                         payload_len=len(data.encode())))
    return made


def transactions(chains, carried):
    made = []
    for number in range(6):
        payload = carried[number % len(carried)]
        has_payload = number % 2 == 0
        sender, receiver = (sha256(name, bytes([number])).hex() for name in (b"from", b"to"))
        unsigned = dict(
            sender=sender,
            receiver=sender if number == 2 else receiver,
            amount=[0, 1, 2**64 - 1, 12345678901234567890, 5, 256][number],
            fee=[0, 2**64 - 1, 3, 4, 2**32, 6][number],
            sequence=[0, 1, 2**64 - 1, 2**53 + 1, 7, 8][number],
            payload=payload["payload"] if has_payload else "00" * 32,
            payload_len=payload["payload_len"] if has_payload else 0,
        )
        chain = chains[number % len(chains)]["chain_id"]
        signature = b"".join(sha256(b"signature", bytes([number, half])) for half in (0, 1))
        signed = borsh_unsigned(unsigned) + signature
        numbered = {key: str(value) if key in ("amount", "fee", "sequence") else value
                    for key, value in unsigned.items()}
        made.append(dict(
            transaction=numbered,
            chain_id=chain,
            signing_bytes=(text("kusari-tx-1") + bytes.fromhex(chain)
                           + borsh_unsigned(unsigned)).hex(),
            # No signature by anybody: the id is a hash over whatever bytes stand there.
            signature=signature.hex(),
            txid=sha256(signed).hex(),
        ))
    return made


def compact_targets():
    bits = [LIMIT_BITS, 0x1D00FFFF, 0x1B0404CB, 0x05009234, 0x01120000, 0x01010000, 0x02008000,
            0x0300FFFF, 0x037FFFFF, 0x04123456, 0x207FFFFF, 0x2100FFFF]
    valid = [dict(bits=each, target=f"{target_of(each):064x}",
                  work=str(2**256 // (target_of(each) + 1))) for each in bits]
    numbers = [1, 0x7F, 0x80, 0xFF, 0x8000, 0x7FFFFF, 0x800000, 0xFFFFFF, 2**240 - 1, 2**256 - 1,
               0x123456789ABCDEF << 100]
    cut = [dict(target=f"{each:064x}", bits=bits_of(each)) for each in numbers]
    wrong = [0, 0x04000000, 0x04923456, 0x23000001, 0xFF123456, 0x05000012, 0x01123456, 0x1F80FFFF,
             0x2000FFFF, 0x1E00000F, 0x22000101]
    # Zero, negative, more than 256 bits, or not the form that the number itself has.
    wrong = [each for each in wrong if each & 0x800000 or target_of(each) == 0
             or target_of(each) >> 256 or bits_of(target_of(each)) != each]
    return dict(valid=valid, of_targets=cut, no_targets=wrong)


def asert_results():
    made = []
    for block_time, half_life in [(10, 600), (1, 1), (1, 3600), (3600, 3600), (3600, 2**32 - 1),
                                  (7, 1009)]:
        cases = [(0, 0), (1, 0), (2, 0), (2, block_time), (61, 0), (121, 0), (1000, 0),
                 (2**32 - 1, 0), (2**32 - 1, 2**42)]
        seed = f"asert {block_time} {half_life}"
        for parent in numbers(seed, 40, 2000):
            parent += 1
            due = block_time * (parent - 1)
            span = max(2, min(due + 1, 40 * half_life))
            behind = numbers(f"{seed} {parent}", 1, span)[0]
            cases.append((parent, max(0, due - behind)))
        for parent, active in cases:
            made.append(dict(block_time_s=block_time, half_life_s=half_life, parent=parent,
                             active_s=str(active),
                             bits=asert(parent, active, block_time, half_life)))
    return made


def active_series():
    made = []
    for block_time in (1, 10, 40, 41, 3600):
        timestamps, now = [], 1_800_000_000
        for step in numbers(f"active {block_time}", 60, 4 * 6 * block_time + 400):
            now += step
            # Some go back, one far.
            timestamps.append(now - (500 if step % 3 == 0 else 0) - (10**9 if step % 17 == 0 else 0))
        made.append(dict(block_time_s=block_time, timestamps=timestamps,
                         active_s=active_times(timestamps, block_time)))
    made.append(dict(block_time_s=10, timestamps=[2**64 - 1, 0, 5, 2**64 - 1],
                     active_s=[0, 0, 0, 0]))
    made.append(dict(block_time_s=10, timestamps=[0, 2**64 - 1, 2**64 - 1],
                     active_s=active_times([0, 2**64 - 1, 2**64 - 1], 10)))
    for series in made:
        for key in ("timestamps", "active_s"):
            series[key] = [str(number) for number in series[key]]
    return made


def main():
    chains = specs()
    carried = payloads()
    leaves = [f"leaf {number}".encode() for number in range(20)]
    vectors = dict(
        about="Vectors of the ledger rules, written by crates/chain/tests/chain/ledger/reference.py.",
        specs=[dict(spec, **{key: str(spec[key]) for key in ("reward", "min_fee")})
               for spec in chains],
        commitments=commitments(chains),
        payloads=carried,
        transactions=transactions(chains, carried),
        merkle=[dict(leaves=[leaf.decode() for leaf in leaves[:size]],
                     root=merkle(leaves[:size]).hex()) for size in range(21)],
        compact=compact_targets(),
        asert=asert_results(),
        active=active_series(),
    )
    print(json.dumps(vectors, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
