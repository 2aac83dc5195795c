// A list that may be as long as a stranger makes it: its beginning, and more on demand.

import { html, useState } from "./html.js";
import { count } from "./format.js";
import { t } from "./words.js";

/** Items that are shown at first, and with each demand. */
const STEP = 200;

export function Many({ of, each }) {
  const [shown, setShown] = useState(STEP);
  return html`<ul class="plain">${of.slice(0, shown).map(each)}</ul>
    ${of.length > shown && html`<button onClick=${() => setShown(shown + STEP)}>${t("showMore", { n: count(of.length) })}</button>`}`;
}
