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
  const list = found.map((finding) => item(editor, finding));
  by("findings").replaceChildren(...(list.length ? list : [make("li", { class: "none", text: say("noFindings") })]));
}

const hidden = (text) => make("span", { class: "hidden", text });

function underlined(editor, doc, finding) {
  const { from, to } = range(doc, finding.here);
  return {
    from,
    to,
    severity: SEVERITIES[finding.severity],
    source: finding.rule,
    message: [finding.message, finding.hint].filter(Boolean).join("\n"),
    actions: finding.fixes
      .filter((fix) => fix.edits.length)
      .map((fix) => ({ name: fix.description, apply: () => editor.apply(fix.edits) })),
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
          text: fix.description,
          onclick: () => editor.apply(fix.edits),
        })
      : make("span", { class: "advice", text: fix.description }),
  );
  return make(
    "li",
    { class: finding.severity },
    make("span", { class: "sign", "aria-hidden": "true", text: SIGNS[finding.severity] }),
    make(
      "div",
      {},
      hidden(`${finding.severity}: `),
      make("span", { class: "message", text: finding.message }),
      make("span", { class: "about" }, make("code", { text: finding.rule }), " ", place),
      ...(finding.hint ? [make("p", { class: "hint", text: finding.hint })] : []),
      ...(repairs.length ? [make("div", { class: "repairs" }, ...repairs)] : []),
    ),
  );
}
