// The newest blocks, youngest first, each with how many there are under it.

import { html } from "./html.js";
import { age, count, short } from "./format.js";
import { t } from "./words.js";
import { problemOf, useLive } from "./live.js";
import { Text } from "./text.js";

const SHOWN = 12;

export const records = (n) => (n === 0 ? t("noRecords") : n === 1 ? t("oneRecord") : t("records", { n: count(n) }));

export function Chain() {
  const { headers, texts, status } = useLive();
  const problem = problemOf(["texts"]);
  const newest = headers.slice(-SHOWN).reverse();
  const isLedger = status.chain !== "classic";
  return html`<section class="wide">
    <h2>${t("chainLive")}</h2>
    ${problem && html`<p class="bad" role="alert"><${Text} of=${problem} line /></p>`}
    <ol class="blocks" id="blocks" tabindex="0" aria-label=${t("chainLive")}>
      ${newest.map((header) => html`<li key=${header.hash}>
        <a href=${`#/block/${header.hash}`}>
          <span class="height">${header.height === 0 ? t("genesis") : count(header.height)}</span>
          <code class="text">${short(header.hash)}</code>
          <span class="text">${texts[header.hash] ? html`<${Text} of=${texts[header.hash]} line />` : "\u00a0"}</span>
          <span class="faint text">${age(header.timestamp)}${isLedger ? ` · ${records(header.transactions)}` : ""}</span>
        </a>
      </li>`)}
    </ol>
  </section>`;
}
