// What the page knows of its node, and how it stays true: read once, then again whenever an event says
// that something changed. Each part is read once at a time, and never more often than people can see.

import { useEffect, useState } from "./html.js";
import { LIVE, NoAnswer, WORK, find, get, post } from "./api.js";
import { parse } from "./exact.js";
import { follow } from "./tabs.js";

/** Blocks of the best chain that are shown and drawn. */
const HEADERS = 120;
/** Samples of the mining rate: five minutes. */
const SAMPLES = 300;
/** How long a reorganisation is spoken of, in milliseconds. */
const SEEN = 60000;
/** Least time between two reads of one part, in milliseconds. */
const PAUSE = 250;
/** What changes without an event is read so often, in milliseconds: with `LIVE`, a node that hangs is seen within 10 s. */
const POLL = 3000;
/** Ages, latencies and the chain itself are read with every so many of these. */
const SLOWER = 5;

export const state = {
  // Since when the node is silent, or why it refuses its events: null where all is well.
  silent: null, refusal: null,
  // What went wrong with a read, by its name.
  problems: {},
  status: null, headers: [], texts: {}, branches: [], peers: [], mempool: null, outbox: [],
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

/** What went wrong with one of these reads. Where the whole node is silent the page says so once. */
export function problemOf(reads) {
  const problem = reads.map((name) => state.problems[name]).find((problem) => problem !== undefined);
  return problem === undefined || (problem instanceof NoAnswer && state.silent !== null) ? null : problem.message;
}

const readers = {};

/** A read that runs once at a time; what comes meanwhile is one more after it. */
function reader(name, read) {
  let running = false, wanted = false;
  readers[name] = async () => {
    wanted = true;
    if (running) return;
    running = true;
    while (wanted) {
      wanted = false;
      try {
        await read();
        delete state.problems[name];
      } catch (error) { state.problems[name] = error; }
      tell();
      await new Promise((done) => setTimeout(done, PAUSE));
    }
    running = false;
  };
  return readers[name];
}

const readStatus = reader("status", async () => { state.status = await get("/v1/status", LIVE); });
const readPeers = reader("peers", async () => { state.peers = (await get("/v1/peers", LIVE)).peers; });
const readMempool = reader("mempool", async () => { state.mempool = await get("/v1/mempool?limit=20", LIVE); });
/** What this node is still to sign, to have mined, or lost its place. A classic node has its lines in the mempool. */
const readOutbox = reader("outbox", async () => {
  const status = state.status || (await get("/v1/status", LIVE));
  state.outbox = status.chain === "classic" ? [] : (await get("/v1/records?open=true&limit=20", LIVE)).records;
});
/** The node measures its machine for the first one who asks. */
const readRates = reader("rates", async () => { state.rates = await get("/v1/rates", WORK); });
const readSession = reader("session", async () => { state.session = await get("/v1/session", LIVE); });

/** Has the node admit this browser, by its token or by the key of a link that `kusari open` printed. */
export async function admit(key) {
  try {
    await post("/v1/session", {}, { Authorization: `Bearer ${key}` });
    state.refused = null;
  } catch (refused) { state.refused = refused.message; }
  readSession();
}

const readChain = reader("chain", async () => {
  const status = await get("/v1/status", LIVE);
  const from = Math.max(0, status.height - HEADERS + 1);
  state.headers = (await get(`/v1/headers?from=${from}&limit=${HEADERS}`, LIVE)).headers;
  state.status = status;
  readTexts();
  readBranches();
});

const readBranches = reader("branches", async () => {
  const branches = (await get("/v1/branches", LIVE)).branches;
  for (const branch of branches) {
    const known = state.branches.find((one) => one.hash === branch.hash);
    branch.headers = known && !moved(known, branch) ? known.headers : await headersOf(branch.hash);
  }
  state.branches = branches.filter((branch) => branch.headers.length);
});

const moved = (known, branch) => known.fork_hash !== branch.fork_hash;

const headersOf = async (hash) => {
  const found = await find(`/v1/branches/${hash}`, LIVE);
  return found ? found.headers : [];
};

/** The first words of the newest blocks. */
const readTexts = reader("texts", async () => {
  const headers = state.headers.slice(-12), known = state.texts, texts = {};
  const lacking = headers.filter((header) => known[header.hash] === undefined);
  for (const { hash } of headers) if (known[hash] !== undefined) texts[hash] = known[hash];
  if (lacking.length) {
    const page = await get(`/v1/blocks?from=${lacking[0].height}&limit=${headers.length}`, LIVE);
    for (const block of page.blocks) texts[block.hash] = firstText(block);
  }
  state.texts = texts;
});

/** What a block says first: its line, or the first text of its transactions. */
export function firstText(block) {
  if (!block.body) return block.data;
  const entry = block.body.find((entry) => entry.payload);
  return entry ? entry.payload.data : "";
}

function sample({ tries_per_second: rate }) {
  const [times, rates] = state.rate;
  state.rate = [[...times, Date.now() / 1000].slice(-SAMPLES), [...rates, Number(rate)].slice(-SAMPLES)];
}

function readAll() {
  for (const read of [readStatus, readChain, readPeers, readMempool, readOutbox, readSession]) read();
}

/** What each event makes the page read again. */
const EVENTS = {
  block: () => { readChain(); readMempool(); readOutbox(); },
  reorganisation: (event) => {
    state.reorganisation = event;
    setTimeout(() => { if (state.reorganisation === event) { state.reorganisation = null; tell(); } }, SEEN);
    readChain();
    readMempool();
    readOutbox();
  },
  "held-branch": () => readChain(),
  transaction: (event) => { readMempool(); readStatus(); if (event.own) readOutbox(); },
  draft: () => { readMempool(); readStatus(); readOutbox(); },
  peer: () => { readPeers(); readStatus(); },
  witness: () => readStatus(),
  missed: readAll,
  mining: (event) => {
    if (state.status) state.status.mining = event;
    sample(event);
    tell();
  },
};

/** What the stream tells, whichever tab reads it. */
function hear({ kind, name, data, since = null, why = null }) {
  if (kind === "event") {
    if (data !== null) EVENTS[name]?.(parse(data));
    return;
  }
  const isNews = state.silent !== since || state.refusal !== why;
  state.silent = since;
  state.refusal = why;
  if (isNews) tell();
  if (kind === "opened") readAll();
}

export function start() {
  readAll();
  readRates();
  follow(hear);
  let polls = 0;
  setInterval(() => {
    if (document.hidden || state.silent !== null) return;
    polls += 1;
    const due = polls % SLOWER === 0 ? [readPeers, readChain] : [];
    const failed = Object.keys(state.problems).map((name) => readers[name]);
    new Set([readStatus, readBranches, ...due, ...failed]).forEach((read) => read());
  }, POLL);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) readAll(); });
}
