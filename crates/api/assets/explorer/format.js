// How numbers, times and hashes are written, in the language of the reader. A number may be a BigInt, and no value that
// the API can send throws.

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

/** A time in Unix seconds; one that no calendar has is shown as its number. */
export function time(seconds) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return t("notDate", { n: count(seconds) });
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "medium" }).format(date);
}

/** The time of day of a moment in milliseconds. */
export const clock = (moment) => new Intl.DateTimeFormat(language(), { timeStyle: "medium" }).format(moment);

const UNITS = [
  [31557600e9, "billionYears"], [31557600e6, "millionYears"], [31557600, "years"], [86400, "days"],
  [3600, "hours"], [60, "minutes"], [1, "seconds"], [0.001, "milliseconds"],
];

/** By how many seconds two clocks may differ before it is worth a word. */
const AHEAD = 5;

/** A length of time in seconds, in the unit that fits. */
export function duration(seconds) {
  if (seconds < 0.0009995) return t("instant");
  const [unit, name] = UNITS.find(([unit]) => seconds >= unit * 0.9995) || UNITS[UNITS.length - 1];
  const number = seconds / unit;
  const digits = number < 9.95 && !Number.isInteger(number) ? 1 : 0;
  const text = new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(number);
  return t(name, { n: text });
}

/** How long ago a time was. One ahead of this clock by more than a clock may err is yet to come. */
export function age(timestamp) {
  const seconds = Math.round(Date.now() / 1000 - Number(timestamp));
  return seconds < -AHEAD ? t("aheadOfClock", { time: duration(-seconds) }) : t("ago", { time: duration(Math.max(1, seconds)) });
}

export const latency = (microseconds) => (microseconds === null ? "" : duration(Number(microseconds) / 1e6));
