// What is wrong, with its repairs: underlined in the editor, and as a list below it.
import { by, make } from "./elements.js";
import { range } from "./editor.js";
import { say } from "./texts.js";

const SIGNS = { error: "●", warning: "▲", note: "○" };
const SEVERITIES = { error: "error", warning: "warning", note: "info" };

/** Show findings in an editor and below it. */
export function showFindings(editor, found) {
  const { doc } = editor.view.state;
  editor.show(found.filter((finding) => finding.here).map((finding) => underlined(editor, doc, finding)));
  const counts = Object.keys(SIGNS)
    .map((severity) => [severity, found.filter((finding) => finding.severity === severity).length])
    .filter(([, count]) => count);
  by("counts").replaceChildren(
    ...counts.map(([severity, count]) =>
      make("span", { class: severity, text: `${SIGNS[severity]} ${count}` }, hidden(` ${severity}s `)),
    ),
  );
  const list = folded(found).map((finding) => item(editor, finding));
  by("findings").replaceChildren(...(list.length ? list : [make("li", { class: "none", text: say("noFindings") })]));
}

/** The layer that a finding is about, where its message does not name it. */
function subject({ layer, message }) {
  return layer && !message.includes(layer) ? `${layer}: ` : "";
}

/** A message in which what stands between backticks is code. */
function worded(text) {
  return text.split("`").map((part, at) => (at % 2 ? make("code", { text: part }) : part));
}

const plain = (text) => text.replaceAll("`", "");

const hidden = (text) => make("span", { class: "hidden", text });

/** Findings of which the same is said at the same place stand once. */
function folded(found) {
  const seen = new Map();
  for (const finding of found) {
    const key = JSON.stringify([finding.rule, finding.message, finding.here, finding.fixes]);
    const known = seen.get(key);
    if (known) known.times += finding.times ?? 1;
    else seen.set(key, { ...finding, times: finding.times ?? 1 });
  }
  return [...seen.values()];
}

function underlined(editor, doc, finding) {
  const { from, to } = range(doc, finding.here);
  return {
    from,
    to,
    severity: SEVERITIES[finding.severity],
    source: finding.rule,
    message: plain([subject(finding) + finding.message, finding.hint].filter(Boolean).join("\n")),
    actions: finding.fixes
      .filter((fix) => fix.edits.length)
      .map((fix) => ({ name: plain(fix.description), apply: () => editor.apply(fix.edits) })),
  };
}

function item(editor, finding) {
  const place = finding.here
    ? make("button", {
        type: "button",
        class: "place",
        text: `${say("line")} ${finding.here.line}`,
        onclick: () => editor.go(finding.here),
      })
    : make("span", { class: "place", text: finding.layer ?? "" });
  const repairs = finding.fixes.map((fix) =>
    fix.edits.length && finding.here
      ? make("button", {
          type: "button",
          class: "repair",
          title: say("repair"),
          text: plain(fix.description),
          onclick: () => editor.apply(fix.edits),
        })
      : make("span", { class: "advice" }, ...worded(fix.description)),
  );
  return make(
    "li",
    { class: finding.severity },
    make("span", { class: "sign", "aria-hidden": "true", text: SIGNS[finding.severity] }),
    make(
      "div",
      {},
      hidden(`${finding.severity}: `),
      make("span", { class: "message" }, ...worded(subject(finding) + finding.message)),
      make("span", { class: "about" }, make("code", { text: finding.rule }), " ", place, finding.times > 1 ? ` ×${finding.times}` : ""),
      ...(finding.hint ? [make("p", { class: "hint" }, ...worded(finding.hint))] : []),
      ...(repairs.length ? [make("div", { class: "repairs" }, ...repairs)] : []),
    ),
  );
}
