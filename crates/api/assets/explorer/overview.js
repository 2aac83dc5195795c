// The first view: the node at a glance, and everything that moves.

import { html } from "./html.js";
import { compact, count, short, work } from "./format.js";
import { t } from "./words.js";
import { problemOf, useLive } from "./live.js";
import { Part } from "./part.js";
import { Text } from "./text.js";
import { Say } from "./say.js";
import { Chain } from "./chain.js";
import { Forks } from "./forks.js";
import { Peers } from "./peers.js";
import { Mempool } from "./mempool.js";
import { Charts } from "./charts.js";
import { Meter } from "./meter.js";

const Tile = ({ name, children }) => html`<div><dt>${name}</dt><dd>${children}</dd></div>`;

function Glance() {
  const { status } = useLive();
  const waits = status.waiting_transactions ?? status.outbox_entries;
  const mining = status.mining;
  return html`<section class="wide" aria-label=${t("chain")}>
    <dl class="tiles">
      <${Tile} name=${t("chain")}>${status.chain_name ? html`<${Text} of=${status.chain_name} line />` : t("classic")}<//>
      <${Tile} name=${t("height")}>${count(status.height)}<//>
      <${Tile} name=${t("tip")}><a href=${`#/block/${status.tip}`}><code>${short(status.tip)}</code></a><//>
      <${Tile} name=${t("work")}>${compact(work(status.work))}<//>
      <${Tile} name=${t("peers")}>${count(status.inbound_peers + status.outbound_peers)}<//>
      <${Tile} name=${t("waiting")}>${count(waits)}<//>
      <${Tile} name=${t("mining")}>${mining?.active ? t("perSecond", { n: compact(mining.tries_per_second) }) : t("idle")}<//>
    </dl>
  </section>`;
}

export function Overview() {
  const { status } = useLive();
  if (!status && !problemOf(["status"])) return html`<section class="wide">${t("loading")}</section>`;
  const glance = html`<${Part} id="glance" name="chain" reads=${["status"]} wide><${Glance} /><//>`;
  return !status ? glance : html`
    ${glance}
    <${Part} id="record" name="record" reads=${["session"]} wide><${Say} /><//>
    <${Part} id="chain" name="chainLive" reads=${["chain"]} wide><${Chain} /><//>
    <${Part} id="forks" name="forks" reads=${["chain", "branches"]}><${Forks} /><//>
    <${Part} id="peers" name="peers" reads=${["peers"]}><${Peers} /><//>
    <${Part} id="mempool" name="waitingTitle" reads=${["mempool", "outbox"]}><${Mempool} /><//>
    <${Part} id="meter" name="meter" reads=${["rates"]}><${Meter} /><//>
    <${Part} id="charts" name="charts" reads=${["chain"]} wide><${Charts} /><//>`;
}
