// What is wrong, above everything else: with the node, with the way to it, and what the chain has just done.

import { html } from "./html.js";
import { clock, count, short } from "./format.js";
import { parts, t } from "./words.js";
import { useLive } from "./live.js";
import { Text } from "./text.js";

/** What keeps the node from doing all that it is for, in its own sentences; what makes it unready first. */
function Hindrances({ of }) {
  const [unready, others] = [true, false].map((wanted) => of.filter((one) => one.unready === wanted));
  return [...unready, ...others].map((one) => html`<p key=${one.reason} data-reason=${one.reason} lang="en"
    class=${one.unready ? "banner grave" : "banner"} role=${one.unready ? "alert" : "status"}><${Text} of=${one.text} /></p>`);
}

/** Which way the chain went: both tips are named, since either may be the higher one. */
function Reorganisation({ depth, from, to }) {
  const tip = ({ height, hash }) => html`<a href=${`#/block/${hash}`}>${count(height)} <code>${short(hash)}</code></a>`;
  return html`<p class="banner" role="status" id="reorganisation">
    ${parts("reorganised", { n: count(depth), from: tip(from), to: tip(to) })}</p>`;
}

export function Banners() {
  const { silent, refusal, status, reorganisation } = useLive();
  return html`
    ${silent !== null && html`<p class="banner grave" role="alert" id="silent">${t("disconnected", { time: clock(silent) })}</p>`}
    ${refusal !== null && html`<p class="banner" role="alert" id="refusal">
      ${parts("refusedEvents", { why: html`<${Text} of=${refusal} line />` })}</p>`}
    <${Hindrances} of=${status?.hindrances ?? []} />
    ${reorganisation && html`<${Reorganisation} ...${reorganisation} />`}`;
}
