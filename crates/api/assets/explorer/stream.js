// The stream of events of the node, as one tab reads it: opened again with growing waits where it ends or is refused, and
// taken for dead where nothing comes. Knows nothing of what the events mean, or of other tabs.

import { said } from "./api.js";

/** After how long without a byte the node counts as hung, in milliseconds. It says something every 3 s. */
const SILENCE = 8000;
/** The first wait before a stream is opened again, and the longest. */
const WAIT = 500, LONGEST_WAIT = 10000;
/** A stream that was open so long is opened again at once. */
const STEADY = 5000;
const TICK = 1000;

const pause = (time) => new Promise((done) => setTimeout(done, time));

/** Takes the text of a stream piece by piece, and tells its events and the place in it, by the HTML standard. */
function reader(tell) {
  let rest = "", event = { kind: "event", name: "", data: null, id: null };
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const [, field, value = ""] = /^([^:]*)(?:: ?([^]*))?$/.exec(line.replace(/\r$/, ""));
      if (field === "event") event.name = value;
      if (field === "id") event.id = value;
      if (field === "data") event.data = event.data === null ? value : `${event.data}\n${value}`;
      if (line.trim() !== "" || (event.data === null && event.id === null)) continue;
      tell(event);
      event = { kind: "event", name: "", data: null, id: null };
    }
  };
}

/**
 * Listens until it is told to stop, by what it returns. `place` gives the id of the last event, to go on after it. Told are
 * `opened`, `alive` with each piece that comes, `event`, and each second while nothing does: `silent` since when, or `refused`
 * with the reason.
 */
export function listen(place, tell) {
  let stopped = false, trouble = null, connection, began, heard = Date.now();
  const ticks = setInterval(() => {
    if (Date.now() - began > SILENCE) {
      trouble = { kind: "silent", since: heard };
      connection.abort();
    }
    if (trouble) tell(trouble);
  }, TICK);

  /** Reads one stream to its end; the reason where it was refused. */
  async function read() {
    connection = new AbortController();
    began = Date.now();
    try {
      const headers = place() ? { "Last-Event-ID": place() } : {};
      const response = await fetch("/v1/events", { headers, cache: "no-store", signal: connection.signal });
      if (!response.ok) said(response, await response.text());
      tell({ kind: "opened" });
      const body = response.body.getReader(), decoder = new TextDecoder(), take = reader(tell);
      for (;;) {
        const { value, done } = await body.read();
        if (done || stopped) return null;
        trouble = null;
        heard = began = Date.now();
        tell({ kind: "alive" });
        take(decoder.decode(value, { stream: true }));
      }
    } catch (error) {
      return error.status ? error.message : null;
    }
  }

  (async () => {
    for (let wait = 0; !stopped;) {
      const start = Date.now(), refusal = await read();
      if (stopped) return;
      wait = Date.now() - start > STEADY ? 0 : Math.min(LONGEST_WAIT, wait * 2 || WAIT);
      began = Infinity;
      if (refusal) trouble = { kind: "refused", why: refusal };
      else if (wait > 0) trouble = { kind: "silent", since: heard };
      await pause(wait);
    }
  })();

  return () => {
    stopped = true;
    clearInterval(ticks);
    connection.abort();
  };
}
