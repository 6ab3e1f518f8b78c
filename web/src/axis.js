// One axis: the form of `cnncalc check`, and what it says.
import { by, make } from "./elements.js";
import { say } from "./texts.js";

const MODES = {
  kernel: ["kernel", "stride", "padding", "dilation", "ceil"],
  output: ["output"],
  chain: ["chain"],
};
const WORDS = { kernel: "axisKernel", output: "axisOutput", chain: "axisChain" };
const FIRST = { input: "227", kernel: "11", stride: "4", padding: "0", dilation: "1", ceil: false, output: "56", chain: "conv 7/2 p3, max_pool 3/2 p1" };
const LABELS = { input: "axisInput", output: "axisSize", kernel: "kernel", stride: "stride", padding: "padding", dilation: "dilation", ceil: "ceilMode", chain: "chain" };

/** The form; `ask` hears what is filled in, each time that it changes. */
export function axisForm(ask) {
  const values = { mode: "kernel", ...FIRST };

  function draw() {
    const modes = make("select", { "aria-label": say("axis"), onchange: (event) => change("mode", event.target.value) });
    for (const mode of Object.keys(MODES)) {
      modes.append(make("option", { value: mode, text: say(WORDS[mode]), selected: mode === values.mode }));
    }
    const fields = ["input", ...MODES[values.mode]].map(field);
    by("axis-form").replaceChildren(modes, ...fields);
  }

  function field(key) {
    if (key === "ceil") {
      const box = make("input", { type: "checkbox", role: "switch", checked: values.ceil });
      box.addEventListener("change", () => change("ceil", box.checked));
      return make("label", { class: "control switch" }, make("span", { text: say(LABELS[key]) }), box);
    }
    const input = make("input", { value: values[key], inputmode: key === "chain" || key === "padding" ? "text" : "numeric", spellcheck: "false", autocomplete: "off", class: key });
    input.addEventListener("input", () => change(key, input.value));
    return make("label", { class: "control" }, make("span", { text: say(LABELS[key]) }), input);
  }

  function change(key, value) {
    values[key] = value;
    if (key === "mode") draw();
    asked();
  }

  const asked = () => ask({ ask: "check", width: columns(), ...values });
  by("axis-form").addEventListener("submit", (event) => event.preventDefault());
  return { draw, ask: asked };
}

/** As many signs as stand in a line of the answer. */
function columns() {
  const area = by("axis-answer");
  const probe = make("span", { text: "0".repeat(50) });
  area.append(probe);
  const width = probe.getBoundingClientRect().width / 50;
  probe.remove();
  const style = getComputedStyle(area);
  const room = area.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return Math.max(40, Math.floor(room / (width || 8)));
}

/** An answer: lines of pieces with roles, or why there is none. */
export function showAxis(answer) {
  const area = by("axis-answer");
  if (answer.refused) {
    area.replaceChildren(make("span", { class: "role-error", text: answer.refused.message }), answer.refused.hint ? `\n${answer.refused.hint}` : "");
    return;
  }
  const pieces = answer.lines.flatMap((line) => [
    ...line.map(([text, role]) => (role ? make("span", { class: `role-${role}`, text }) : text)),
    "\n",
  ]);
  area.replaceChildren(...pieces);
}
