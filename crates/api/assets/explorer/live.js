// What the page knows of its node, and how it stays true: read once, then again whenever an event says
// that something changed. Each part is read once at a time, and never more often than people can see.

import { useEffect, useState } from "./html.js";
import { find, get, post } from "./api.js";

/** Blocks of the best chain that are shown and drawn. */
const HEADERS = 120;
/** Samples of the mining rate: five minutes. */
const SAMPLES = 300;
/** How long a reorganisation is spoken of, in milliseconds. */
const SEEN = 60000;
/** Least time between two reads of one part, in milliseconds. */
const PAUSE = 250;

export const state = {
  connected: true, status: null, headers: [], texts: {}, branches: [], peers: [], mempool: null, outbox: [],
  rate: [[], []], rates: null, session: { may_write: false }, refused: null, reorganisation: null,
};

const listeners = new Set();
const tell = () => listeners.forEach((listener) => listener());

export function useLive() {
  const [, again] = useState(0);
  useEffect(() => {
    const listener = () => again((n) => n + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return state;
}

/** A read that runs once at a time; what comes meanwhile is one more after it. */
function reader(read) {
  let running = false, wanted = false;
  return async function again() {
    wanted = true;
    if (running) return;
    running = true;
    while (wanted) {
      wanted = false;
      try {
        await read();
        state.connected = true;
      } catch (error) {
        // A node that is gone says so by its stream, which comes back by itself.
        if (error instanceof TypeError) state.connected = false;
      }
      tell();
      await new Promise((done) => setTimeout(done, PAUSE));
    }
    running = false;
  };
}

const readStatus = reader(async () => { state.status = await get("/v1/status"); });
const readPeers = reader(async () => { state.peers = (await get("/v1/peers")).peers; });
const readMempool = reader(async () => { state.mempool = await get("/v1/mempool?limit=20"); });
/** What this node is still to sign, to have mined, or lost its place. A classic node has its lines in the mempool. */
const readOutbox = reader(async () => {
  const status = state.status || (await get("/v1/status"));
  state.outbox = status.chain === "classic" ? [] : (await get("/v1/records?open=true&limit=20")).records;
});
const readRates = reader(async () => { state.rates = await get("/v1/rates"); });
const readSession = reader(async () => { state.session = await get("/v1/session"); });

/** Has the node admit this browser, by its token or by the key of a link that `kusari open` printed. */
export async function admit(key) {
  try {
    await post("/v1/session", {}, { Authorization: `Bearer ${key}` });
    state.refused = null;
  } catch (refused) { state.refused = refused.message; }
  readSession();
}

const readChain = reader(async () => {
  const status = await get("/v1/status");
  const from = Math.max(0, status.height - HEADERS + 1);
  state.headers = (await get(`/v1/headers?from=${from}&limit=${HEADERS}`)).headers;
  state.status = status;
  await readTexts(state.headers.slice(-12));
  const branches = (await get("/v1/branches")).branches;
  for (const branch of branches) {
    const known = state.branches.find((one) => one.hash === branch.hash);
    branch.headers = known && !moved(known, branch) ? known.headers : await headersOf(branch.hash);
  }
  state.branches = branches.filter((branch) => branch.headers.length);
});

const moved = (known, branch) => known.fork_hash !== branch.fork_hash;

const headersOf = async (hash) => {
  const found = await find(`/v1/branches/${hash}`);
  return found ? found.headers : [];
};

/** The first words of the newest blocks. */
async function readTexts(headers) {
  const known = state.texts, texts = {};
  const lacking = headers.filter((header) => known[header.hash] === undefined);
  for (const { hash } of headers) if (known[hash] !== undefined) texts[hash] = known[hash];
  if (lacking.length) {
    const page = await get(`/v1/blocks?from=${lacking[0].height}&limit=${headers.length}`);
    for (const block of page.blocks) texts[block.hash] = firstText(block);
  }
  state.texts = texts;
}

/** What a block says first: its line, or the first text of its transactions. */
export function firstText(block) {
  if (!block.body) return block.data;
  const entry = block.body.find((entry) => entry.payload);
  return entry ? entry.payload.data : "";
}

function sample({ tries_per_second: rate }) {
  const [times, rates] = state.rate;
  state.rate = [[...times, Date.now() / 1000].slice(-SAMPLES), [...rates, rate].slice(-SAMPLES)];
}

function readAll() {
  for (const read of [readStatus, readChain, readPeers, readMempool, readOutbox, readSession]) read();
}

export function start() {
  readAll();
  readRates();
  const events = new EventSource("/v1/events");
  const on = (kind, act) => events.addEventListener(kind, (event) => act(JSON.parse(event.data)));
  on("block", () => { readChain(); readMempool(); readOutbox(); });
  on("reorganisation", (event) => {
    state.reorganisation = event;
    setTimeout(() => { if (state.reorganisation === event) { state.reorganisation = null; tell(); } }, SEEN);
    readChain();
    readMempool();
    readOutbox();
  });
  on("held-branch", () => readChain());
  on("transaction", (event) => { readMempool(); readStatus(); if (event.own) readOutbox(); });
  on("draft", () => { readMempool(); readStatus(); readOutbox(); });
  on("peer", () => { readPeers(); readStatus(); });
  on("witness", () => readStatus());
  on("missed", readAll);
  on("mining", (event) => {
    if (state.status) state.status.mining = event;
    sample(event);
    tell();
  });
  events.onopen = () => { if (!state.connected) readAll(); };
  events.onerror = () => { state.connected = false; tell(); };
  // Ages grow, branches beside the chain and latencies change without an event.
  setInterval(() => { if (!document.hidden && state.connected) { readPeers(); readChain(); } }, 15000);
}
