// A key as people see it: bech32m (BIP 350) of its 32 bytes, with the prefix `ks`.

const SIGNS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const PREFIX = "ks";
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const BECH32M = 0x2bc830a3;

const known = new Map();

function checksum(values) {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    GENERATORS.forEach((generator, bit) => { if ((top >>> bit) & 1) sum ^= generator; });
  }
  return sum;
}

/** Bits in groups of eight, as groups of five. */
function regroup(bytes) {
  const groups = [];
  let bits = 0, held = 0;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    held += 8;
    for (; held >= 5; held -= 5) groups.push((bits >>> (held - 5)) & 31);
    bits &= (1 << held) - 1;
  }
  if (held) groups.push((bits << (5 - held)) & 31);
  return groups;
}

function encode(key) {
  const data = regroup(key.match(/../g).map((pair) => parseInt(pair, 16)));
  const prefix = [...PREFIX].map((sign) => sign.charCodeAt(0));
  const head = [...prefix.map((code) => code >>> 5), 0, ...prefix.map((code) => code & 31)];
  const sum = checksum([...head, ...data, 0, 0, 0, 0, 0, 0]) ^ BECH32M;
  const tail = [25, 20, 15, 10, 5, 0].map((shift) => (sum >>> shift) & 31);
  return `${PREFIX}1${[...data, ...tail].map((value) => SIGNS[value]).join("")}`;
}

/** The address of a key in hexadecimal digits. */
export function address(key) {
  if (!known.has(key)) known.set(key, encode(key));
  return known.get(key);
}
