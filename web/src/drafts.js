// What somebody typed is kept in the browser: the file at hand, and those before it.
import { keep, recalled } from "./texts.js";

const MOST = 12; // files that are kept
const LARGEST = 200_000; // characters of a file that are kept

/** The files of one's own, the latest first: `{name, text, batch, dtype}`. */
export function drafts() {
  try {
    const found = JSON.parse(recalled("drafts") ?? "[]");
    return Array.isArray(found) ? found.filter((draft) => typeof draft?.text === "string") : [];
  } catch {
    return [];
  }
}

/** Keep a file; one that goes by the same name is replaced. */
export function keepDraft(draft) {
  if (!draft.text.trim() || draft.text.length > LARGEST) return;
  const others = drafts().filter((other) => other.name !== draft.name && other.text !== draft.text);
  keep("drafts", JSON.stringify([draft, ...others].slice(0, MOST)));
}

/** What the editor showed last: a draft, or `{net}` for a shipped network; `null` on a first visit. */
export function lastShown() {
  try {
    return JSON.parse(recalled("last") ?? "null");
  } catch {
    return null;
  }
}

export const keepShown = (shown) => keep("last", JSON.stringify(shown));

/** The name that a file gives itself. */
export function nameOf(text) {
  const found = /^name:[ \t]*(\S.*?)[ \t]*(?:#.*)?$/m.exec(text);
  return found ? found[1].replace(/^(["'])(.*)\1$/, "$2").slice(0, 80) : "";
}
