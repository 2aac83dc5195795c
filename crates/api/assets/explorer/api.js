// The local API as the page asks it. Whatever is refused is thrown with the API's own sentence.

import { parse } from "./exact.js";
import { t } from "./words.js";

/** How long an answer may take, in milliseconds: of what is read again and again, of what a person asked for, and of what the
 *  node itself may take a minute for. */
export const LIVE = 6000, VIEW = 20000, WORK = 65000;

/** The node answered, and refused. */
export class Problem extends Error {
  constructor({ type, title, status, detail }) {
    super(detail || title);
    this.kind = (type || "").replace("urn:kusari:problem:", "");
    this.status = status;
  }
}

/** Nothing came: the node is gone, hangs, or is busy. */
export class NoAnswer extends Error {}

/** What a response says; what it refuses is thrown. A program between the node and the browser may answer in another form. */
export function said(response, text) {
  let body;
  try { body = parse(text); } catch { throw new Problem({ title: t("noJson", { n: response.status }), status: response.status }); }
  if (!response.ok) throw new Problem(body);
  return body;
}

async function answer(path, patience, options) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), patience);
  try {
    const response = await fetch(path, { ...options, signal: controller.signal });
    return said(response, await response.text());
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new NoAnswer(controller.signal.aborted ? t("noAnswerIn", { n: patience / 1000 }) : t("noAnswer"));
  } finally { clearTimeout(timer); }
}

export const get = (path, patience = VIEW) => answer(path, patience, {});

export const post = (path, body, headers = {}) =>
  answer(path, WORK, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

/** The answer, or null where there is no such thing. */
export const find = (path, patience = VIEW) =>
  get(path, patience).catch((problem) => {
    if (problem.status === 404 || problem.kind === "bad-request") return null;
    throw problem;
  });
