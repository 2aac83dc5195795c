// The box to record a text in, and what becomes of it.

import { html, useEffect, useState } from "./html.js";
import { find, post } from "./api.js";
import { t } from "./words.js";
import { admit, useLive } from "./live.js";
import { Text } from "./text.js";

function Unlock() {
  const { refused } = useLive();
  const open = (event) => {
    event.preventDefault();
    admit(event.target.token.value.trim());
  };
  return html`
    <p class="faint">${t("locked")} <code>kusari open</code></p>
    <form class="row" id="unlock" onSubmit=${open}>
      <input name="token" type="password" autocomplete="off" aria-label=${t("token")} placeholder=${t("token")} required />
      <button>${t("unlock")}</button>
    </form>
    ${refused && html`<p class="bad" role="alert"><${Text} of=${refused} /></p>`}`;
}

/** Follows a text from its receipt to its block. */
function Receipt({ receipt }) {
  const { headers, outbox } = useLive();
  const [record, setRecord] = useState(receipt);
  const tip = headers.at(-1)?.hash;
  useEffect(() => {
    find(`/v1/records/${receipt.id}`).then((found) => found && setRecord(found), () => {});
  }, [tip, outbox, receipt.id]);
  const { block, txid, state } = record;
  const place = txid ? `#/tx/${txid}` : block && `#/block/${block.hash}`;
  const words = block ? t("inBlock", { n: block.height })
    : state === "draft" ? `${t("drafted")} ${t(`until_${record.waits_for || "turn"}`)}`
    : state === "displaced" ? t("displaced") : t("saved");
  return html`<p role="status" class=${state === "displaced" ? "bad" : "good"} id="receipt">
    ${words} ${place && html`<a href=${place}>${t("look")}</a>`}</p>
    ${receipt.warning && html`<p class="bad" role="alert" id="warning"><${Text} of=${receipt.warning} /></p>`}`;
}

export function Say() {
  const { session, status } = useLive();
  const [receipt, setReceipt] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const say = async (event) => {
    event.preventDefault();
    const form = event.target;
    setBusy(true);
    setProblem(null);
    try {
      const path = status.chain === "classic" ? "/v1/records" : "/v1/ledger/records";
      setReceipt(await post(path, { text: form.text.value }));
      form.reset();
    } catch (refused) { setProblem(refused.message); }
    setBusy(false);
  };
  return html`<section class="wide">
    <h2>${t("record")}</h2>
    ${session.may_write ? html`
      <form class="row" id="say" onSubmit=${say}>
        <input name="text" aria-label=${t("record")} placeholder=${t("recordHint")} autocomplete="off" required />
        <button disabled=${busy}>${t("send")}</button>
      </form>
      ${problem && html`<p class="bad" role="alert"><${Text} of=${problem} /></p>`}
      ${receipt && html`<${Receipt} receipt=${receipt} key=${receipt.id} />`}` : html`<${Unlock} />`}
  </section>`;
}
