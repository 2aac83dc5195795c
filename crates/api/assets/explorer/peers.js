// Who is connected: a graph for a glance, a table for the facts. The slower a peer answers, the farther
// out it stands.

import { html } from "./html.js";
import { count, latency } from "./format.js";
import { t } from "./words.js";
import { useLive } from "./live.js";
import { Text } from "./text.js";

/** Peers in the graph; the table has all. */
const DRAWN = 24;
const SIZE = 280, MIDDLE = SIZE / 2;

/** From 60 to 110 pixels, by the magnitude of what it takes; in between where nobody knows. */
const distance = (peer) =>
  peer.latency_us === null ? 85 : 60 + 50 * Math.min(1, Math.max(0, Math.log10(Number(peer.latency_us) / 100) / 3.5));

function Graph({ peers }) {
  const drawn = peers.slice(0, DRAWN);
  return html`<svg width=${SIZE} height=${SIZE} viewBox=${`0 0 ${SIZE} ${SIZE}`} role="img" aria-label=${t("peersLabel", { n: count(peers.length) })}>
    ${drawn.map((peer, at) => {
      const turn = (2 * Math.PI * at) / drawn.length - Math.PI / 2;
      const [x, y] = [MIDDLE + Math.cos(turn) * distance(peer), MIDDLE + Math.sin(turn) * distance(peer)];
      return html`<g key=${peer.address}>
        <line class=${peer.inbound ? "edge old" : "edge"} x1=${MIDDLE} y1=${MIDDLE} x2=${x} y2=${y} />
        <circle class=${peer.stage === "introduced" ? "best" : "side"} cx=${x} cy=${y} r="8"><title>${peer.address}</title></circle>
        <text x=${x} y=${y + 20} text-anchor="middle">${latency(peer.latency_us) || peer.address.split(":").pop()}</text>
      </g>`;
    })}
    <circle class="best" cx=${MIDDLE} cy=${MIDDLE} r="13" /><text x=${MIDDLE} y=${MIDDLE + 28} text-anchor="middle">${t("thisNode")}</text>
  </svg>`;
}

export function Peers() {
  const { peers } = useLive();
  return html`<section id="peers">
    <h2>${t("peers")}</h2>
    ${peers.length === 0 ? html`<p class="faint">${t("noPeers")}</p>` : html`
      <${Graph} peers=${peers} />
      <div class="scroll"><table>
        <thead><tr><th>${t("address")}</th><th>${t("direction")}</th><th>${t("program")}</th><th>${t("height")}</th><th>${t("latency")}</th></tr></thead>
        <tbody>${peers.map((peer) => html`<tr key=${peer.address}>
          <td><code>${peer.address}</code></td><td>${t(peer.inbound ? "inbound" : "outbound")}</td>
          <td>${peer.agent ? html`<${Text} of=${peer.agent} line />` : peer.stage}</td><td>${peer.height === null ? "" : count(peer.height)}</td>
          <td>${latency(peer.latency_us) || t("unknown")}</td></tr>`)}</tbody>
      </table></div>`}
  </section>`;
}
