// What was searched for: whatever has this name, or says this text.

import { html, useEffect, useState } from "./html.js";
import { find, get } from "./api.js";
import { count, time } from "./format.js";
import { t } from "./words.js";

/** The view of the one thing that has this name, if there is one. */
async function named(wanted) {
  if (/^\d{1,10}$/.test(wanted) && (await find(`/v1/blocks/${wanted}`))) return `#/block/${wanted}`;
  if (/^[0-9a-f]{64}$/i.test(wanted)) {
    const digits = wanted.toLowerCase();
    if (await find(`/v1/blocks/${digits}`)) return `#/block/${digits}`;
    if (await find(`/v1/transactions/${digits}`).catch(() => null)) return `#/tx/${digits}`;
    const said = await get(`/v1/transactions?content=${digits}&limit=1`).catch(() => null);
    if (said?.transactions.length) return `#/tx/${said.transactions[0].txid}`;
  }
  if (/^ks1[0-9a-z]+$/i.test(wanted)) {
    const account = await find(`/v1/accounts/${wanted.toLowerCase()}`).catch(() => null);
    if (account) return `#/account/${account.address}`;
  }
  return null;
}

export function Found({ about }) {
  const [list, setList] = useState([]);
  const [next, setNext] = useState(undefined);
  const [problem, setProblem] = useState(null);
  const read = (before) =>
    get(`/v1/search?text=${encodeURIComponent(about)}&limit=50${before ? `&before=${before}` : ""}`).then(
      (page) => { setList((known) => [...known, ...page.found]); setNext(page.next); },
      (refused) => { setProblem(refused.message); setNext(null); },
    );
  useEffect(() => {
    named(about).then((place) => (place ? location.replace(place) : read(null)), () => read(null));
  }, []);
  return html`<section class="wide" id="found">
    <h1>${t("found", { q: about })}</h1>
    ${problem && html`<p class="bad" role="alert">${problem}</p>`}
    ${next === undefined && html`<p role="status">${t("searching")}</p>`}
    ${next === null && list.length === 0 && html`<p role="status">${t("nothingFound", { q: about })}</p>`}
    <ul class="plain">${list.map((one) => html`<li>
      <a href=${one.txid ? `#/tx/${one.txid}` : `#/block/${one.hash}`}>${t("block")} ${count(one.height)}</a>
      ${" "}<span class="faint">${time(one.timestamp)}</span><p class="said">${one.text}</p></li>`)}</ul>
    ${next && html`<button onClick=${() => read(next)}>${t("readOn", { n: count(next - 1) })}</button>`}
  </section>`;
}
