// A part of the page, which fails alone: what went wrong stands in its place, and it is tried again.

import { html, useEffect, useErrorBoundary } from "./html.js";
import { t } from "./words.js";
import { problemOf, useLive } from "./live.js";
import { Text } from "./text.js";

/** How long an error stands before the part is drawn again, in milliseconds. */
const AGAIN = 5000;

/** Shows `children`, which need what these reads bring. `name` is its title, `id` that of the section. */
export function Part({ id, name, reads = [], wide = false, children }) {
  useLive();
  const [error, again] = useErrorBoundary();
  useEffect(() => {
    if (!error) return undefined;
    const timer = setTimeout(again, AGAIN);
    return () => clearTimeout(timer);
  }, [error]);
  const problem = error ? `${t("partFailed")} (${error.message ?? error})` : problemOf(reads);
  if (!problem) return children;
  return html`<section class=${wide && "wide"} id=${id}>
    <h2>${t(name)}</h2><p class="bad" role="alert"><${Text} of=${problem} /></p></section>`;
}
