// The last blocks as a tree: the best chain on its line, each branch beside it on one of its own.

import { html } from "./html.js";
import { compact, count, short, workBetween } from "./format.js";
import { t } from "./words.js";
import { useLive } from "./live.js";

/** Heights that are drawn, and branches. */
const COLUMNS = 14, LANES = 5;
const WIDE = 46, HIGH = 44, LEFT = 24, TOP = 30;

const Dot = ({ header, x, y, kind }) => html`<a href=${`#/block/${header.hash}`} aria-label=${`${t("block")} ${header.height} ${short(header.hash)}`}>
  <circle class=${kind} cx=${x} cy=${y} r="9" data-hash=${header.hash}><title>${header.height} ${header.hash}</title></circle></a>`;

const Line = ({ from, to, old }) => html`<path class=${old ? "edge old" : "edge"}
  d=${`M${from[0]},${from[1]} C${(from[0] + to[0]) / 2},${from[1]} ${(from[0] + to[0]) / 2},${to[1]} ${to[0]},${to[1]}`} />`;

function Tree({ headers, branches }) {
  const highest = Math.max(headers.at(-1).height, ...branches.map((branch) => branch.height));
  const lowest = Math.max(0, headers.at(-1).height - COLUMNS + 1, highest - COLUMNS - 6);
  const place = (height, lane) => [LEFT + (Math.max(height, lowest - 0.6) - lowest) * WIDE, TOP + lane * HIGH];
  const best = headers.filter((header) => header.height >= lowest);
  const wide = LEFT * 2 + (highest - lowest) * WIDE, high = TOP * 2 + branches.length * HIGH;
  return html`<svg width=${wide} height=${high} viewBox=${`0 0 ${wide} ${high}`} role="group" aria-label=${t("treeLabel")}>
    ${best.slice(1).map((header) => html`<${Line} key=${`l${header.hash}`} from=${place(header.height - 1, 0)} to=${place(header.height, 0)} />`)}
    ${branches.map((branch, at) => branch.headers.filter((header) => header.height >= lowest).map((header) => html`<${Line}
      key=${`l${header.hash}`} from=${place(header.height - 1, header.height - 1 <= branch.fork_height ? 0 : at + 1)}
      to=${place(header.height, at + 1)} old=${header.height - 1 < lowest} />`))}
    ${best.map((header) => html`<${Dot} key=${header.hash} header=${header} kind="best" x=${place(header.height, 0)[0]} y=${TOP} />
      <text x=${place(header.height, 0)[0]} y="14" text-anchor="middle" aria-hidden="true">${header.height}</text>`)}
    ${branches.map((branch, at) => branch.headers.filter((header) => header.height >= lowest).map((header) => {
      const [x, y] = place(header.height, at + 1);
      return html`<${Dot} key=${header.hash} header=${header} kind="side" x=${x} y=${y} />`;
    }))}
  </svg>`;
}

export function Forks() {
  const { headers, branches, status } = useLive();
  const young = branches.filter((branch) => branch.height > (headers.at(-1)?.height ?? 0) - COLUMNS).slice(0, LANES);
  return html`<section id="forks">
    <h2>${t("forks")}</h2>
    ${headers.length > 0 && html`<div class="scroll"><${Tree} headers=${headers} branches=${young} /></div>`}
    ${branches.length === 0 ? html`<p class="faint">${t("noForks")}</p>` : html`<ul class="plain">
      ${branches.map((branch) => {
        const ahead = workBetween(branch.work, status.work);
        const distance = t(ahead > 0 ? "ahead" : ahead < 0 ? "behind" : "equal", { n: compact(Math.abs(ahead)) });
        const length = t(branch.blocks === 1 ? "oneBranchBlock" : "branchSays", { n: count(branch.blocks), h: count(branch.fork_height) });
        return html`<li key=${branch.hash}><a href=${`#/block/${branch.hash}`}><code>${short(branch.hash)}</code></a>:
          ${" "}${length}, ${distance}${branch.held_since ? html`, <span class="bad">${t("held")}</span>` : ""}</li>`;
      })}</ul>`}
  </section>`;
}
