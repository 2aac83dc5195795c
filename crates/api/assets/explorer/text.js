// Text that a stranger wrote, in the views.

import { html, useLayoutEffect, useRef } from "./html.js";
import { count } from "./format.js";
import { language, t } from "./words.js";
import { showText } from "./stranger.js";

/** A text of a stranger, whole on demand; with `line` its beginning, in one line. */
export function Text({ of, line = false }) {
  const place = useRef(null), text = String(of ?? "");
  useLayoutEffect(() => {
    showText(place.current, text, line ? null : (n) => t("showAll", { n: count(n) }));
  }, [text, line, language()]);
  return html`<bdi ref=${place} class=${line ? "stranger line" : "stranger"}></bdi>`;
}
