// Text of strangers, shown so that it forges nothing and holds up nothing: what is invisible or turns the order of
// the text around it is marked, and a long text is cut. The page of evidence has this file in it.

// Characters of a text that are shown at once, and lines.
const FIRST = 512, FIRST_LINES = 16;
// Characters of a text in one line: nothing shows the rest there.
const ONE_LINE = 160;
// A long text is laid out in pieces, by themselves and only where they are looked at: some words and paragraphs cost the
// square of their length. A piece ends with a line where it can.
const PIECE = /[^]{2048,4095}\n|[^]{1,4096}/gu;
// A word of a piece may break after so many characters.
const LONG_WORD = /(\S{64})/u;
// Marks that stand out in one piece. More are in brackets: a browser takes seconds for thousands of elements in a line.
const MARKS = 256;
// Characters of a mark that are named one by one.
const NAMED = 8;

// Runs of what is not seen: controls, those of direction among them, spaces without width, fillers; and of marks on one
// letter, which pile up over other lines. The first group are emoji, which are joined by such characters and are seen.
const UNSEEN = new RegExp(
  String.raw`(\p{Extended_Pictographic}[\u{1F3FB}-\u{1F3FF}\uFE0F]?(?:\u200D\p{Extended_Pictographic}[\u{1F3FB}-\u{1F3FF}\uFE0F]?)*)` +
  String.raw`|(?:[^\P{Cc}\n\t]|[\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB\u2800])+|\p{M}{7,}`, "gu");

const code = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

// The names of characters; of one that is there many times in a row, how often.
function names(run) {
  const parts = run.match(/([^])\1*/gu);
  const named = parts.slice(0, NAMED).map((part) => {
    const times = [...part].length;
    return times > 1 ? `${code(part)} ×${times}` : code(part);
  });
  return named.join(" ") + (parts.length > NAMED ? " …" : "");
}

// The runs of a text in their order: those that are seen, and the names of those that are not.
function runsOf(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(UNSEEN)) {
    if (match[1]) continue;
    found.push({ seen: text.slice(end, match.index) }, { unseen: names(match[0]) });
    end = match.index + match[0].length;
  }
  return [...found, { seen: text.slice(end) }].filter(({ seen }) => seen !== "");
}

const made = (tag, content) => Object.assign(document.createElement(tag), content);

function fill(element, text) {
  const nodes = document.createDocumentFragment();
  let words = "", marks = 0;
  const endWords = () => {
    words.split(LONG_WORD).forEach((part, at) => nodes.append(part, ...(at % 2 ? [made("wbr")] : [])));
    words = "";
  };
  for (const { seen, unseen } of runsOf(text)) {
    if (seen !== undefined || marks === MARKS) {
      words += seen ?? `[${unseen}]`;
      continue;
    }
    endWords();
    nodes.append(made("span", { className: "unseen", textContent: unseen }));
    marks += 1;
  }
  endWords();
  element.replaceChildren(nodes);
}

// The beginning of a text that has no more than so many characters and lines.
function beginning(text, most) {
  const end = Math.min(most, text.split("\n", FIRST_LINES).join("\n").length);
  // Half a character would be marked as one that nobody wrote.
  return text.slice(0, end).replace(/[\uD800-\uDBFF]$/, "");
}

// Shows a text in an element that isolates its direction. `words` makes the label of the button that shows the rest, of
// how many characters there are; without it there is one line, and no button.
export function showText(element, text, words) {
  const first = beginning(text, words ? FIRST : ONE_LINE);
  fill(element, words ? first : first.replace(/[\n\t]/g, " "));
  if (first === text) return;
  element.append("…");
  if (!words) return;
  const all = made("button", { type: "button", className: "plain", textContent: words(text.length) });
  all.onclick = () => element.replaceChildren(...text.match(PIECE).map((part) => {
    const piece = made("span", { className: "piece" });
    fill(piece, part);
    return piece;
  }));
  element.append(" ", all);
}

// A text in one line for a place that takes no elements, as the title of a page.
export function plain(text) {
  const first = beginning(text, ONE_LINE).replace(/[\n\t]/g, " ");
  const marked = runsOf(first).map(({ seen, unseen }) => seen ?? `[${unseen}]`).join("");
  return `\u2068${marked}${first.length < text.length ? "…" : ""}\u2069`;
}
