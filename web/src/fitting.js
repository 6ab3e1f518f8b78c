// Does it fit? Memory at inference and in training against a device's, and the largest batch.
import { by, make } from "./elements.js";
import { say } from "./texts.js";

const SIZES = [4, 8, 12, 16, 24, 48, 80];
const chosen = { gib: 8, optimizer: "adam", autocast: false };

/** Ask for the answer and show it; `ask` gives `null` where the network is no network. */
export async function showFit(ask) {
  const answer = await ask({ ask: "fit", ...chosen });
  if (!answer?.fits) return;
  const again = (change) => {
    Object.assign(chosen, change);
    showFit(ask);
  };
  const size = make("select", { "aria-label": say("deviceMemory"), onchange: ({ target }) => again({ gib: Number(target.value) }) },
    ...SIZES.map((gib) => make("option", { value: gib, text: `${gib} GB`, selected: gib === chosen.gib })));
  const optimizer = make("select", { "aria-label": say("optimizer"), onchange: ({ target }) => again({ optimizer: target.value }) },
    ...answer.optimizers.map((name) => make("option", { value: name, text: name, selected: name === chosen.optimizer })));
  const precision = make("select", { "aria-label": say("precision"), onchange: ({ target }) => again({ autocast: target.value === "16" }) },
    ...[["32", "float32"], ["16", say("mixed")]].map(([value, text]) => make("option", { value, text, selected: (value === "16") === chosen.autocast })));
  const rows = answer.fits.map(({ what, bytes, fits, batch, binds }) => make("tr", { class: fits ? "fits" : "over" },
    make("th", { scope: "row", text: say(what) }), make("td", { class: "number", text: bytes }),
    make("td", { text: say(fits ? "fits" : "doesNotFit") }), make("td", { class: "number", text: batch }), make("td", { class: "quiet", text: binds })));
  const head = make("tr", {}, ...["", "takes", "", "largestBatch", "binds"].map((key) => (key ? make("th", { scope: "col", text: say(key) }) : make("td"))));
  by("fit").replaceChildren(
    make("h2", { text: say("fitTitle") }),
    make("div", { class: "fit-tools" }, size, optimizer, precision),
    make("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": say("fitTitle") }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows))),
  );
}
