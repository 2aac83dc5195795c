// How fast this node mines, and how much work its chain asks of a block.

import { html, useEffect, useRef } from "./html.js";
import { compact, count, workBetween } from "./format.js";
import { t } from "./words.js";
import { useLive } from "./live.js";
import uPlot from "./vendor/uplot.js";

/** A year, in seconds. */
const LONGEST_GAP = 31557600;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** One chart, which follows its data, its width and the colours of the page. */
function Chart({ data, names, label, times }) {
  const place = useRef(null), plot = useRef(null);
  const scheme = matchMedia("(prefers-color-scheme: dark)").matches;
  useEffect(() => {
    const element = place.current;
    const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const values = (_, ticks) => ticks.map((tick) => compact(tick));
    const series = names.map((name, at) => ({
      label: name, stroke: colour(at ? "--side" : "--best"), width: 1.5, scale: at ? "other" : "y",
      points: { show: false }, value: (_, value) => (value === null || value === undefined ? "" : compact(value)),
    }));
    const options = {
      width: element.clientWidth, height: 170, scales: { x: { time: times } },
      series: [times ? {} : { label: t("height"), value: (_, height) => (height === null || height === undefined ? "" : count(height)) }, ...series],
      axes: [times ? axis : { ...axis, incrs: [1, 2, 5, 10, 20, 50], values: (_, ticks) => ticks.map(count) }, { ...axis, values, size: 56 }, ...(names.length > 1 ? [{ ...axis, scale: "other", side: 1, values, grid: { show: false } }] : [])],
    };
    plot.current = new uPlot(options, data, element);
    const fit = new ResizeObserver(() => plot.current.setSize({ width: element.clientWidth, height: 170 }));
    fit.observe(element);
    return () => { fit.disconnect(); plot.current.destroy(); };
  }, [scheme, ...names]);
  useEffect(() => plot.current.setData(data), [data]);
  return html`<div ref=${place} role="img" aria-label=${label}></div>`;
}

/** Seconds between two blocks; a gap where a miner wrote what is no time, which would flatten all others. */
function between(earlier, later) {
  const seconds = Number(later) - Number(earlier);
  return Math.abs(seconds) < LONGEST_GAP ? seconds : null;
}

function difficulty(headers) {
  const rows = headers.slice(1).map((header, at) => [
    header.height, workBetween(header.work, headers[at].work), between(headers[at].timestamp, header.timestamp),
  ]);
  // The genesis block is years older than the chain that somebody mines on it.
  const shown = rows.filter(([height]) => height > 1);
  return [0, 1, 2].map((column) => shown.map((row) => row[column]));
}

export function Charts() {
  const { rate, headers, status } = useLive();
  const blocks = difficulty(headers), newest = blocks[1].at(-1) || 0;
  const now = status.mining ? status.mining.tries_per_second : 0;
  return html`<section id="charts" class="wide">
    <h2>${t("charts")}</h2>
    ${rate[0].length === 0 ? html`<p class="faint">${t("noRate")}</p>` : html`<${Chart} data=${rate} names=${[t("rate")]} times=${true} label=${t("chartRate", { n: compact(now) })} />`}
    ${blocks[0].length > 0 && html`<${Chart} data=${blocks} names=${[t("difficulty"), t("interval")]} times=${false}
      label=${t("chartWork", { n: blocks[0].length, w: compact(newest) })} />`}
  </section>`;
}
