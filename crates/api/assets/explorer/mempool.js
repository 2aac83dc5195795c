// What waits to be mined: transactions of a ledger, or lines of this node.

import { html } from "./html.js";
import { age, count, short } from "./format.js";
import { t } from "./words.js";
import { useLive } from "./live.js";
import { address } from "./address.js";
import { Text } from "./text.js";

const what = (transaction, payload) =>
  payload ? html`<${Text} of=${payload.data} line />` : transaction.amount > 0 ? t("payment", { n: count(transaction.amount), to: short(address(transaction.receiver)) }) : t("noText");

export function Mempool() {
  const { mempool, outbox } = useLive();
  const transactions = mempool?.transactions || [], records = mempool?.records || [];
  const own = outbox.filter(({ state }) => state === "draft" || state === "displaced");
  const rest = mempool ? mempool.count - transactions.length : 0;
  return html`<section id="mempool">
    <h2>${t("waitingTitle")}</h2>
    ${transactions.length + records.length + own.length === 0 && html`<p class="faint">${t("nothingWaits")}</p>`}
    <ul class="plain">
      ${transactions.map(({ txid, transaction, payload, since }) => html`<li key=${txid}>
        <a href=${`#/tx/${txid}`}><code>${short(txid)}</code></a> ${what(transaction, payload)} <span class="faint">${age(since)}</span></li>`)}
      ${own.map(({ id, text, payment, state, txid, waits_for: wait }) => html`<li key=${id}>
        ${txid && html`<a href=${`#/tx/${txid}`}><code>${short(txid)}</code></a>`} ${text ? html`<${Text} of=${text} line />` : (payment ? t("payment", { n: count(payment.amount), to: short(payment.to) }) : t("noText"))}
        <span class=${state === "displaced" ? "bad" : "faint"}>${state === "displaced" ? t("displaced") : `${t("drafted")} ${t(`until_${wait || "turn"}`)}`}</span></li>`)}
      ${records.map(({ id, text }) => html`<li key=${id}><${Text} of=${text} line /></li>`)}
    </ul>
    ${rest > 0 && html`<p class="faint">${t("andMore", { n: count(rest) })}</p>`}
  </section>`;
}
