// What changed since a file was opened, or against another network.
import { by, make } from "./elements.js";
import { say } from "./texts.js";

/** Show an answer of `changes`; nothing where both are the same. */
export function showChanges(answer) {
  const place = by("changes");
  if (!answer?.totals || !answer.changes.length) {
    place.hidden = true;
    return;
  }
  place.hidden = false;
  const totals = answer.totals.map(([what, before, after, ratio]) => make("tr", {},
    make("th", { scope: "row", text: say("totals")[what] ?? what }), make("td", { class: "number", text: before }),
    make("td", { class: "number", text: after }), make("td", { class: "number", text: ratio })));
  const items = answer.changes.map(([change, layer, kind, text]) => make("li", { class: change },
    make("b", { text: { added: "+", removed: "−", changed: "~" }[change] }), make("span", { text: layer }),
    make("span", { class: "quiet", text: `${kind} ${text}` })));
  if (answer.more) items.push(make("li", { class: "quiet", text: `+ ${answer.more}` }));
  place.replaceChildren(make("h2", { text: say("changesTitle") }),
    make("table", {}, make("tbody", {}, ...totals)), make("ul", {}, ...items));
}
