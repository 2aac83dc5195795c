// One block: its keys, and what stands in it.

import { html } from "./html.js";
import { find } from "./api.js";
import { count, time } from "./format.js";
import { t } from "./words.js";
import { address } from "./address.js";
import { Nothing, useAsked } from "./asked.js";
import { records } from "./chain.js";
import { txid } from "./txid.js";
import { Many } from "./many.js";
import { Text } from "./text.js";

const ask = async (which) => {
  const found = await find(`/v1/blocks/${encodeURIComponent(which)}`);
  if (found?.block.body) {
    found.ids = await Promise.all(found.block.body.map((entry) => txid(entry.transaction)));
  }
  return found;
};

const Entry = ({ id, entry }) => html`<li>
  <a href=${`#/tx/${id}`}><code>${id}</code></a><br />
  <a href=${`#/account/${address(entry.transaction.sender)}`}><code>${address(entry.transaction.sender)}</code></a>
  ${entry.transaction.amount > 0 && html` → <code>${address(entry.transaction.receiver)}</code> · ${count(entry.transaction.amount)}`}
  ${entry.payload && html`<p class="said"><${Text} of=${entry.payload.data} /></p>`}
</li>`;

export function Block({ about }) {
  const [found, problem] = useAsked(ask, about);
  if (!found || problem) return html`<${Nothing} answer=${found} problem=${problem} />`;
  const { block, best_chain: isBest, confirmations, ids } = found;
  const isGenesis = block.index === 0;
  return html`<section class="wide" id="block">
    <h1>${isGenesis ? t("genesis") : `${t("block")} ${count(block.index)}`}</h1>
    <dl class="facts">
      <dt>${t("hash")}</dt><dd class="hash">${block.hash}</dd>
      <dt>${t("previous")}</dt><dd class="hash">${isGenesis ? block.prev_hash : html`<a href=${`#/block/${block.prev_hash}`}>${block.prev_hash}</a>`}</dd>
      <dt>${t("timestamp")}</dt><dd>${time(block.timestamp)}</dd>
      <dt>${t("nonce")}</dt><dd>${block.nonce}</dd>
      <dt>${t("confirmations")}</dt><dd>${isBest ? count(confirmations) : html`<span class="bad">${t("beside")}</span>`}</dd>
      ${block.commitment && html`<dt>${t("miner")}</dt><dd class="hash"><a href=${`#/account/${address(block.commitment.miner)}`}>${address(block.commitment.miner)}</a></dd>`}
      ${isBest && confirmations > 1 && html`<dt>${t("next")}</dt><dd><a href=${`#/block/${block.index + 1}`}>${count(block.index + 1)}</a></dd>`}
    </dl>
    ${block.body ? html`<h3>${records(block.body.length)}</h3><${Many} of=${block.body} each=${(entry, at) => html`<${Entry} key=${ids[at]} id=${ids[at]} entry=${entry} />`} />` : html`
      <h3>${t("text")}</h3><p class="said"><${Text} of=${block.data} /></p>
      ${block.transactions.length > 0 && html`<h3>${t("transactions")}</h3><${Many} of=${block.transactions} each=${(one) => html`<li><${Text} of=${one.sender} line /> → <${Text} of=${one.receiver} line />: ${count(one.amount)}</li>`} />`}`}
  </section>`;
}
