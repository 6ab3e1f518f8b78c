// Predict first: outputs are hidden until one has typed them.
import { by, make } from "./elements.js";
import { say } from "./texts.js";

/** `ask` answers `{right, why}` to a typed shape; `layers` tells the names and how many there are. */
export function predicting(ask) {
  const place = by("predict");
  let number = 0; // the layer whose output is asked for; 0: nobody predicts
  let names = [];
  let tried = 0;

  function toggle() {
    number = number ? 0 : 1;
    tried = 0;
    draw();
  }

  /** Another network, or the same one changed. */
  function fill(found) {
    names = found;
    if (number > names.length) number = names.length;
    hide();
  }

  function draw() {
    place.hidden = !number;
    by("predict-toggle").setAttribute("aria-pressed", String(Boolean(number)));
    hide();
    if (!number) return;
    if (number > names.length) {
      place.replaceChildren(make("p", { text: say("predictDone") }));
      return;
    }
    const input = make("input", { "aria-label": say("predictShape"), placeholder: "64×112×112", autocomplete: "off", inputmode: "text" });
    const told = make("span", { role: "status", class: "told" });
    const form = make("form", {}, make("label", {}, make("b", { text: names[number - 1] }), ` ${say("predictAsk")} `, input),
      make("button", { type: "submit", text: say("predictCheck") }),
      make("button", { type: "button", text: say("predictShow"), onclick: next }), told);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const answer = await ask({ ask: "predict", number, typed: input.value });
      if (!answer) return;
      if (answer.right) next();
      else {
        tried += 1;
        told.textContent = answer.refused?.message ?? (answer.why || say("predictWrong"));
      }
    });
    place.replaceChildren(form);
    input.focus();
  }

  function next() {
    number += 1;
    tried = 0;
    draw();
  }

  /** Outputs of the layers that are still to be predicted are not shown. */
  function hide() {
    document.documentElement.classList.toggle("predicting", Boolean(number));
    for (const line of document.querySelectorAll("#report table.layers tbody tr")) {
      const first = line.row?.first ?? 0;
      line.classList.toggle("unpredicted", Boolean(number) && (line.row?.last ?? first) >= number);
    }
  }

  by("predict-toggle").addEventListener("click", toggle);
  return { fill };
}
