// The local API as the page asks it. Whatever is refused is thrown with the API's own sentence.

export class Problem extends Error {
  constructor({ type, title, status, detail }) {
    super(detail || title);
    this.kind = (type || "").replace("urn:kusari:problem:", "");
    this.status = status;
  }
}

/** Numbers of 64 bits, which a script's own numbers would round. */
const exactly = (_, value, context) =>
  typeof value === "number" && !Number.isSafeInteger(value) && Number.isInteger(value) && context ? BigInt(context.source) : value;

async function answer(request) {
  const response = await request;
  const body = JSON.parse(await response.text(), exactly);
  if (!response.ok) throw new Problem(body);
  return body;
}

export const get = (path) => answer(fetch(path));

export const post = (path, body, headers = {}) =>
  answer(fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  }));

/** The answer, or null where there is no such thing. */
export const find = (path) =>
  get(path).catch((problem) => {
    if (problem.status === 404 || problem.kind === "bad-request") return null;
    throw problem;
  });
