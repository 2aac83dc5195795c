// The id of a transaction, by which the API names it: SHA-256 of its canonical bytes.

const FIELDS = [
  ["sender", 32], ["receiver", 32], ["amount", 8], ["fee", 8], ["sequence", 8], ["payload", 32], ["payload_len", 4],
  ["signature", 64],
];

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Numbers with their lowest byte first, everything else as it is written. */
function bytesOf(value, length) {
  if (typeof value === "string") return value.match(/../g).map((pair) => parseInt(pair, 16));
  let rest = BigInt(value);
  return Array.from({ length }, () => { const byte = Number(rest & 255n); rest >>= 8n; return byte; });
}

export async function txid(transaction) {
  const bytes = FIELDS.flatMap(([name, length]) => bytesOf(transaction[name], length));
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))));
}
