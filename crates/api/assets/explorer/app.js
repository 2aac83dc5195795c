// The explorer: which view is shown, and what stands around it.

import { html, render, useEffect, useState } from "./html.js";
import { language, setLanguage, t } from "./words.js";
import { admit, start, useLive } from "./live.js";
import { Overview } from "./overview.js";
import { Block } from "./block.js";
import { Transaction } from "./transaction.js";
import { Account } from "./account.js";
import { Found } from "./found.js";

const VIEWS = { block: Block, tx: Transaction, account: Account, search: Found };

/** `#/block/7` names a view and what it is about. */
function route() {
  const [, view, ...rest] = location.hash.split("/");
  return { View: VIEWS[view] || Overview, about: decodeURIComponent(rest.join("/")) };
}

/** The key of a link is used at once, and stays in no history of the browser. */
function takeLink() {
  const [, view, key] = location.hash.split("/");
  if (view !== "admit") return;
  history.replaceState(null, "", "#/");
  admit(key);
}

function App() {
  const live = useLive();
  const [{ View, about }, setRoute] = useState(route());
  const [, setShown] = useState(language());
  useEffect(() => {
    const turn = () => { takeLink(); setRoute(route()); scrollTo(0, 0); };
    addEventListener("hashchange", turn);
    return () => removeEventListener("hashchange", turn);
  }, []);
  document.documentElement.lang = language();
  const name = live.status && (live.status.chain_name || t("classic"));
  document.title = name ? `${live.status.height} · ${name} · kusari` : "kusari";
  const search = (event) => {
    event.preventDefault();
    const wanted = event.target.wanted.value.trim();
    if (wanted) location.hash = `#/search/${encodeURIComponent(wanted)}`;
  };
  const turnLanguage = () => {
    setLanguage(language() === "ja" ? "en" : "ja");
    setShown(language());
  };
  return html`
    <a class="skip" href="#content" onClick=${(event) => { event.preventDefault(); document.getElementById("content").focus(); }}>${t("skip")}</a>
    <header>
      <a class="name" href="#/"><span lang="ja">鎖</span> kusari</a>
      <form role="search" onSubmit=${search}>
        <input name="wanted" type="search" aria-label=${`${t("search")}: ${t("searchHint")}`} placeholder=${t("searchHint")} autocomplete="off" />
      </form>
      <div class="tools">
        <a href="/v1/docs">${t("api")}</a>
        <button class="plain" lang=${language() === "ja" ? "en" : "ja"} onClick=${turnLanguage}>${t("toJapanese")}</button>
      </div>
    </header>
    <main id="content" tabindex="-1">
      ${!live.connected && html`<p class="banner" role="alert">${t("disconnected")}</p>`}
      ${live.status?.catching_up && html`<p class="banner" role="status">${t("catchingUp")}</p>`}
      <${View} about=${about} key=${about} />
    </main>`;
}

takeLink();
start();
render(html`<${App} />`, document.getElementById("app"));
