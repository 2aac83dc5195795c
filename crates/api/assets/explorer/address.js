// A key as people see it: bech32m (BIP 350) of its 32 bytes, with the prefix `ks`. The page of evidence has this
// file in it.

/** The address of a key in hexadecimal digits. */
export function address(key) {
  const bits = key.match(/../g).map((pair) => parseInt(pair, 16).toString(2).padStart(8, "0")).join("") + "0000";
  const values = bits.match(/.{5}/g).map((five) => parseInt(five, 2));
  // The prefix as the checksum takes it, and room for the checksum itself.
  const check = [3, 3, 0, 11, 19, ...values, 0, 0, 0, 0, 0, 0].reduce((check, value) => {
    const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
    const shifted = (check & 0x1ffffff) << 5 ^ value;
    return generators.reduce((sum, part, bit) => check >>> 25 + bit & 1 ? sum ^ part : sum, shifted);
  }, 1) ^ 0x2bc830a3;
  const checksum = [25, 20, 15, 10, 5, 0].map((shift) => check >>> shift & 31);
  return "ks1" + [...values, ...checksum].map((value) => "qpzry9x8gf2tvdw0s3jn54khce6mua7l"[value]).join("");
}
