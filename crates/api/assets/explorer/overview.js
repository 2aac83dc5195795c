// The first view: the node at a glance, and everything that moves.

import { html } from "./html.js";
import { compact, count, short, work } from "./format.js";
import { t } from "./words.js";
import { useLive } from "./live.js";
import { Say } from "./say.js";
import { Chain } from "./chain.js";
import { Forks } from "./forks.js";
import { Peers } from "./peers.js";
import { Mempool } from "./mempool.js";
import { Charts } from "./charts.js";
import { Meter } from "./meter.js";

const Tile = ({ name, children }) => html`<div><dt>${name}</dt><dd>${children}</dd></div>`;

export function Overview() {
  const { status, reorganisation } = useLive();
  if (!status) return html`<section class="wide">${t("loading")}</section>`;
  const waits = status.waiting_transactions ?? status.outbox_entries;
  const mining = status.mining;
  return html`
    ${reorganisation && html`<p class="banner" role="status" id="reorganisation">
      ${t("reorganised", { n: count(reorganisation.depth), h: count(reorganisation.to.height) })}</p>`}
    <section class="wide" aria-label=${t("chain")}>
      <dl class="tiles">
        <${Tile} name=${t("chain")}>${status.chain_name || t("classic")}<//>
        <${Tile} name=${t("height")}>${count(status.height)}<//>
        <${Tile} name=${t("tip")}><a href=${`#/block/${status.tip}`}><code>${short(status.tip)}</code></a><//>
        <${Tile} name=${t("work")}>${compact(work(status.work))}<//>
        <${Tile} name=${t("peers")}>${count(status.inbound_peers + status.outbound_peers)}<//>
        <${Tile} name=${t("waiting")}>${count(waits)}<//>
        <${Tile} name=${t("mining")}>${mining?.active ? t("perSecond", { n: compact(mining.tries_per_second) }) : t("idle")}<//>
      </dl>
    </section>
    <${Say} />
    <${Chain} />
    <${Forks} />
    <${Peers} />
    <${Mempool} />
    <${Meter} />
    <${Charts} />`;
}
