// One account: what it owns, and what it sent or received, the youngest first.

import { html, useState } from "./html.js";
import { WORK, find, get } from "./api.js";
import { count, time } from "./format.js";
import { t } from "./words.js";
import { Nothing, useAsked } from "./asked.js";
import { Text } from "./text.js";

const PAGE = 25;

const page = (address, after) =>
  get(`/v1/transactions?by=${encodeURIComponent(address)}&limit=${PAGE}${after ? `&after=${after}` : ""}`, WORK);

const ask = async (address) => {
  const account = await find(`/v1/accounts/${encodeURIComponent(address)}`);
  return account && { account, list: await page(address, null) };
};

export function Account({ about }) {
  const [found, problem] = useAsked(ask, about);
  const [more, setMore] = useState([]);
  const [stuck, setStuck] = useState(null);
  if (!found || problem) return html`<${Nothing} answer=${found} problem=${problem} />`;
  const { account, list } = found;
  const pages = [list, ...more], next = pages.at(-1).next;
  const readOn = () => page(about, next).then((read) => { setMore([...more, read]); setStuck(null); }, (refused) => setStuck(refused.message));
  return html`<section class="wide" id="account">
    <h1>${t("address")}</h1>
    <dl class="facts">
      <dt>${t("address")}</dt><dd class="hash">${account.address}</dd>
      <dt>${t("balance")}</dt><dd>${count(account.balance)}</dd>
      <dt>${t("sent")}</dt><dd>${count(account.sequence)}</dd>
    </dl>
    <ul class="plain">${pages.flatMap((page) => page.transactions).map((one) => html`<li key=${one.txid}>
      <a href=${`#/tx/${one.txid}`}><code>${one.txid.slice(0, 12)}…</code></a> ${one.payload && html`<${Text} of=${one.payload.data} line />`}
      ${one.transaction.amount > 0 && html` · ${count(one.transaction.amount)}`} <span class="faint">${time(one.block.timestamp)}</span></li>`)}</ul>
    ${stuck && html`<p class="bad" role="alert"><${Text} of=${stuck} /></p>`}
    ${next && html`<button onClick=${readOn}>${t("more")}</button>`}
  </section>`;
}
