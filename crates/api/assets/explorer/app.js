// The explorer: which view is shown, and what stands around it.

import { html, render, useEffect, useState } from "./html.js";
import { language, setLanguage, t } from "./words.js";
import { admit, start, useLive } from "./live.js";
import { Banners } from "./banners.js";
import { Part } from "./part.js";
import { plain } from "./stranger.js";
import { Overview } from "./overview.js";
import { Block } from "./block.js";
import { Transaction } from "./transaction.js";
import { Account } from "./account.js";
import { Found } from "./found.js";

const VIEWS = new Map([["block", Block], ["tx", Transaction], ["account", Account], ["search", Found]]);

/** `#/block/7` names a view and what it is about. */
function route() {
  const [, view, ...rest] = location.hash.split("/");
  const written = rest.join("/");
  let about = written;
  // An address that a stranger made need not be well-formed.
  try { about = decodeURIComponent(written); } catch { /* it is taken as it is written */ }
  return { View: VIEWS.get(view) || Overview, about };
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
  const name = live.status && (live.status.chain_name ? plain(live.status.chain_name) : t("classic"));
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
      <${Part} id="banners" name="view" wide><${Banners} /><//>
      <${Part} key=${location.hash} id="view" name="view" wide><${View} about=${about} key=${about} /><//>
    </main>`;
}

takeLink();
start();
render(html`<${App} />`, document.getElementById("app"));
