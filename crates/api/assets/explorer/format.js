// How numbers, times and hashes are written, in the language of whoever reads.

import { language, t } from "./words.js";

export const count = (number) => new Intl.NumberFormat(language()).format(number);

/** The beginning of a hash that differs: leading zeros say nothing. */
export const short = (hash) => (hash.length > 20 ? `${hash.slice(0, 12)}…` : hash);

/** Work, which has 256 bits, as a number that may be rounded. */
export const work = (digits) => Number(BigInt(`0x${digits}`));

/** The work of a block: what two chains differ by. */
export const workBetween = (higher, lower) => Number(BigInt(`0x${higher}`) - BigInt(`0x${lower}`));

export const compact = (number) =>
  new Intl.NumberFormat(language(), { notation: "compact", maximumSignificantDigits: 3 }).format(number);

export const time = (seconds) =>
  new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "medium" }).format(seconds * 1000);

const UNITS = [
  [31557600e9, "billionYears"], [31557600e6, "millionYears"], [31557600, "years"], [86400, "days"],
  [3600, "hours"], [60, "minutes"], [1, "seconds"], [0.001, "milliseconds"],
];

/** A length of time in seconds, in the unit that fits. */
export function duration(seconds) {
  if (seconds < 0.0009995) return t("instant");
  const [unit, name] = UNITS.find(([unit]) => seconds >= unit * 0.9995) || UNITS[UNITS.length - 1];
  const number = seconds / unit;
  const digits = number < 9.95 && !Number.isInteger(number) ? 1 : 0;
  const text = new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(number);
  return t(name, { n: text });
}

export function age(timestamp) {
  const seconds = Math.max(0, Math.round(Date.now() / 1000 - timestamp));
  return t("ago", { time: duration(Math.max(1, seconds)) });
}

export const latency = (microseconds) => (microseconds === null ? "" : duration(microseconds / 1e6));
