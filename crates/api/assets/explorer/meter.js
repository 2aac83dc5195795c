// The honest meter: what it would take to rewrite the end of this chain, here and on a known GPU.

import { html } from "./html.js";
import { count, duration, work } from "./format.js";
import { t } from "./words.js";
import { useLive } from "./live.js";

export function Meter() {
  const { status, rates } = useLive();
  const recent = status.recent_work, witnesses = status.witnesses;
  const takes = (digits, rate) => (rates ? duration(work(digits) / Number(rate)) : "…");
  const row = (name, digits) => html`<tr><th scope="row">${t(name)}</th>
    <td>${takes(digits, rates?.machine)}</td><td>${takes(digits, rates?.gpu)}</td></tr>`;
  return html`<section id="meter">
    <h2>${t("meter")}</h2>
    ${recent ? html`
      <p>${t("meterSays", { what: t("hour") })} <strong>${takes(recent.hour, rates?.machine)}</strong> (${t("thisMachine")})</p>
      <div class="scroll"><table>
        <thead><tr><td></td><th>${t("thisMachine")}</th><th>${t("gpu", { name: rates?.gpu_name || "GPU" })}</th></tr></thead>
        <tbody>${row("tenBlocks", recent.ten_blocks)}${row("hour", recent.hour)}${row("day", recent.day)}</tbody>
      </table></div>
      <p class="faint">${t("meterHonest")}</p>` : html`<p class="faint">${t("noBlocksYet")}</p>`}
    ${witnesses && witnesses.listed > 0 && html`<p>${t("witnesses", { n: count(witnesses.near_tip), m: count(witnesses.listed) })}</p>`}
  </section>`;
}
