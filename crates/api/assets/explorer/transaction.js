// One transaction, where it stands, and its proof, which the browser checks by itself.

import { html, useState } from "./html.js";
import { find } from "./api.js";
import { count, time } from "./format.js";
import { t } from "./words.js";
import { address } from "./address.js";
import { Nothing, useAsked } from "./asked.js";
import { Text } from "./text.js";

const ask = (txid) => find(`/v1/transactions/${encodeURIComponent(txid)}`);

function Proof({ txid }) {
  const [shown, setShown] = useState(false);
  const page = `/v1/evidence/${txid}`;
  return html`<h3>${t("verify")}</h3>
    <p class="faint">${t("verifyHint")}</p>
    <p class="row"><button id="verify" onClick=${() => setShown(true)}>${t("verify")}</button>
      <a href=${page} download=${`evidence-${txid.slice(0, 12)}.html`}>${t("save")}</a>
      <a href=${`/v1/proofs/${txid}`} download=${`proof-${txid.slice(0, 12)}.json`}>${t("proofFile")}</a></p>
    ${shown && html`<iframe id="evidence" src=${page} title=${t("verify")}></iframe>`}`;
}

const Account = ({ name, of }) => html`<dt>${name}</dt><dd class="hash"><a href=${`#/account/${address(of)}`}>${address(of)}</a></dd>`;

export function Transaction({ about }) {
  const [found, problem] = useAsked(ask, about);
  if (!found || problem) return html`<${Nothing} answer=${found} problem=${problem} />`;
  const { txid, transaction: said, payload, block, waits, displaced_by: by, former_txid: former } = found;
  const isBest = block && block.confirmations > 0;
  return html`<section class="wide" id="transaction">
    <h1>${t("transaction")} <code>${txid.slice(0, 12)}…</code></h1>
    ${payload ? html`<p class="said"><${Text} of=${payload.data} /></p>` : html`<p class="faint">${t(said.payload_len > 0 ? "erased" : "noText")}</p>`}
    <dl class="facts">
      <dt>${t("id")}</dt><dd class="hash">${txid}</dd>
      <${Account} name=${t("sender")} of=${said.sender} />
      ${said.amount > 0 && html`<${Account} name=${t("receiver")} of=${said.receiver} />
        <dt>${t("amount")}</dt><dd>${count(said.amount)}</dd>`}
      <dt>${t("fee")}</dt><dd>${count(said.fee)}</dd>
      <dt>${t("sequence")}</dt><dd>${count(said.sequence)}</dd>
      ${former && html`<dt>${t("former")}</dt><dd class="hash">${former}</dd>`}
      ${by && html`<dt>${t("stands")}</dt><dd class="bad">${t("displaced")} <a class="hash" href=${`#/tx/${by}`}>${by}</a></dd>`}
      ${waits && html`<dt>${t("stands")}</dt><dd>${t("waits")}</dd>`}
      ${block && html`<dt>${t("stands")}</dt><dd><a href=${`#/block/${block.hash}`}>${count(block.height)}</a> · ${time(block.timestamp)}</dd>
        <dt>${t("confirmations")}</dt><dd>${isBest ? count(block.confirmations) : t("beside")}</dd>`}
    </dl>
    ${isBest && html`<${Proof} txid=${txid} />`}
  </section>`;
}
