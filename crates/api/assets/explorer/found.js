// What was searched for: whatever has this name, or says this text.

import { html, useEffect, useState } from "./html.js";
import { WORK, get } from "./api.js";
import { count, time } from "./format.js";
import { parts, t } from "./words.js";
import { Text } from "./text.js";

/** The view of the one thing that has this name, if there is one. */
async function named(wanted) {
  const { block, transaction, account } = await get(`/v1/named?name=${encodeURIComponent(wanted)}`);
  if (block) return `#/block/${block}`;
  if (transaction) return `#/tx/${transaction}`;
  return account ? `#/account/${account}` : null;
}

export function Found({ about }) {
  const [list, setList] = useState([]);
  const [next, setNext] = useState(undefined);
  const [problem, setProblem] = useState(null);
  const read = (before) =>
    get(`/v1/search?text=${encodeURIComponent(about)}&limit=50${before ? `&before=${before}` : ""}`, WORK).then(
      (page) => { setList((known) => [...known, ...page.found]); setNext(page.next); },
      (refused) => { setProblem(refused.message); setNext(null); },
    );
  useEffect(() => {
    named(about).then((place) => (place ? location.replace(place) : read(null)), () => read(null));
  }, []);
  const q = html`<${Text} of=${about} line />`;
  return html`<section class="wide" id="found">
    <h1>${parts("found", { q })}</h1>
    ${problem && html`<p class="bad" role="alert"><${Text} of=${problem} /></p>`}
    ${next === undefined && html`<p role="status">${t("searching")}</p>`}
    ${next === null && list.length === 0 && html`<p role="status">${parts("nothingFound", { q })}</p>`}
    <ul class="plain">${list.map((one) => html`<li>
      <a href=${one.txid ? `#/tx/${one.txid}` : `#/block/${one.hash}`}>${t("block")} ${count(one.height)}</a>
      ${" "}<span class="faint">${time(one.timestamp)}</span><p class="said"><${Text} of=${one.text} /></p></li>`)}</ul>
    ${next && html`<button onClick=${() => read(next)}>${t("readOn", { n: count(next - 1) })}</button>`}
  </section>`;
}
