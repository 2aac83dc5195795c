// JSON as the API writes it. Whole numbers of 64 bits, which a script's own numbers would round, become BigInt.

/** A string, or a number with all that belongs to it: digits of a text or of a fraction are no number of their own. */
const TOKEN = /"[^"\\]*(?:\\[^][^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
/** The key that carries such a number through the browser's own reader. Keys are the API's, so no stranger writes it. */
const EXACT = "an exact integer";

const isRounded = (token) => /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token));

/** The value of a text in JSON, to the last digit. */
export function parse(text) {
  const carried = text.replace(TOKEN, (token) => (isRounded(token) ? `{"${EXACT}":"${token}"}` : token));
  const exactly = (_, value) => (value !== null && typeof value === "object" && EXACT in value ? BigInt(value[EXACT]) : value);
  return carried === text ? JSON.parse(text) : JSON.parse(carried, exactly);
}
