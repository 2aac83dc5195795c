// One stream of events for all tabs of a browser, which gives a node six connections and no more. One tab leads: it holds a
// lock, reads the stream and tells the others. Once it closes, another takes over; so does a tab that is looked at, where
// the leader sleeps. A browser without locks or channels has one stream for each tab.

import { listen } from "./stream.js";

const NAME = "kusari-events";
/** After how long without a word of the leader it counts as asleep, in milliseconds. It speaks every 3 s at least. */
const ASLEEP = 9000;
const TICK = 500;

/** Has `hear` told what a stream tells, see `listen`, by whichever tab reads it. */
export function follow(hear) {
  let place = "", heard = Date.now(), stop = null, release = null, waiting = null;
  const take = (message) => {
    heard = Date.now();
    if (message.id) place = message.id;
    hear(message);
  };
  const alone = () => listen(() => place, take);
  if (!navigator.locks || !globalThis.BroadcastChannel) return alone();
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = ({ data }) => { if (!stop) take(data); };

  const lead = () => new Promise((done) => {
    release = done;
    stop = listen(() => place, (message) => { take(message); channel.postMessage(message); });
  });
  const follows = () => {
    stop?.();
    stop = null;
  };
  /** A leader from whom the lock was taken slept, and knows nothing of what was told meanwhile. It waits for it again. */
  const lost = (error) => {
    follows();
    hear({ kind: "opened" });
    return error.name === "AbortError" ? queue() : alone();
  };
  /** Leads once no other tab does. */
  function queue() {
    const own = waiting = new AbortController();
    navigator.locks.request(NAME, { signal: own.signal }, lead).catch((error) => own.signal.aborted || lost(error));
  }
  function takeOver() {
    waiting.abort();
    navigator.locks.request(NAME, { steal: true }, lead).catch(lost);
  }
  queue();
  setInterval(() => {
    if (stop || document.hidden || Date.now() - heard < ASLEEP) return;
    hear({ kind: "silent", since: heard });
    heard = Date.now();
    takeOver();
  }, TICK);
  // A page that the browser keeps for the way back must not keep the others waiting.
  addEventListener("pagehide", () => {
    waiting.abort();
    follows();
    release?.();
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    hear({ kind: "opened" });
    queue();
  });
}
