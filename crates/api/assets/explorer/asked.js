// A view's question to the API: asked when what it is about changes, and again with each new tip.

import { html, useEffect, useState } from "./html.js";
import { t } from "./words.js";
import { useLive } from "./live.js";
import { Text } from "./text.js";

/** What `ask` answers for `about`: undefined while nobody knows, null where there is nothing. */
export function useAsked(ask, about) {
  const { status } = useLive();
  const [answer, setAnswer] = useState(undefined);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    let wanted = true;
    ask(about).then(
      (found) => wanted && (setAnswer(found), setProblem(null)),
      (refused) => wanted && setProblem(refused.message),
    );
    return () => { wanted = false; };
  }, [about, status?.tip]);
  return [answer, problem];
}

/** What stands there instead of a view that has nothing to show. */
export function Nothing({ answer, problem }) {
  return html`<section class="wide" role="status">
    <p>${problem ? html`<${Text} of=${problem} />` : t(answer === null ? "noSuch" : "loading")}</p><p><a href="#/">${t("back")}</a></p></section>`;
}
