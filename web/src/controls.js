// The file's input and parameters as sliders, fields and switches; each writes into the file.
import { by, make } from "./elements.js";
import { say } from "./texts.js";

const AXES = { 1: ["channels"], 2: ["channels", "length"], 3: ["channels", "height", "width"], 4: ["channels", "depth", "height", "width"] };
const TYPES = ["float32", "float16", "bfloat16", "float64", "int8"];

/**
 * Controls that edit the text of an editor. `show` puts the controls of an answer in place; they
 * stay the same elements while the file has the same ones, so that a slider can be held.
 */
export function controls(editor, settings, changed) {
  let shape = "";
  let shown = [];

  /** Remove those of a network that is no longer there, and build those of another. */
  function show(found) {
    const wanted = listed(found);
    const key = JSON.stringify(wanted.map((entry) => [entry.label, entry.name, entry.switch, entry.edit === null]));
    editor.remember(wanted.map((entry) => entry.edit));
    if (key !== shape) {
      shape = key;
      shown = wanted.map((entry, index) => row(entry, (value) => editor.replace(index, value)));
      by("controls").replaceChildren(...shown.map((entry) => entry.element), ...chosen());
    }
    wanted.forEach((entry, index) => shown[index].set(entry));
  }

  function chosen() {
    const batch = make("input", { type: "number", min: 1, max: 2 ** 31 - 1, value: settings.batch, "data-setting": "batch" });
    batch.addEventListener("input", () => {
      if (batch.validity.valid && batch.value) changed({ batch: Number(batch.value) });
    });
    const types = TYPES.map((type) => make("option", { value: type, text: type, selected: type === settings.dtype }));
    const dtype = make("select", { onchange: (event) => changed({ dtype: event.target.value }) }, ...types);
    return [
      make("label", { class: "control" }, make("span", { text: say("batch") }), batch),
      make("label", { class: "control" }, make("span", { text: say("dtype") }), dtype),
    ];
  }

  /** Build anew, after another language or settings from a link. */
  function forget() {
    shape = "";
  }

  return { show, forget };
}

/** Every control of an answer in one list. */
function listed(found) {
  const several = found.inputs.length > 1;
  const sizes = found.inputs.flatMap(({ name, sizes }) =>
    sizes.map((size, axis) => ({
      ...size,
      switch: false,
      name: several ? name : "",
      label: say(AXES[sizes.length][axis]),
    })),
  );
  return [...sizes, ...found.parameters.map((parameter) => ({ ...parameter, label: parameter.name, name: "" }))];
}

function row(entry, write) {
  const label = entry.name ? `${entry.name} ${entry.label}` : entry.label;
  if (entry.switch) return toggle(entry, label, write);
  const number = make("input", { type: "number", "aria-label": label, disabled: !entry.edit });
  const slider = make("input", { type: "range", "aria-label": label, disabled: !entry.edit });
  const from = (source, other) => () => {
    if (!source.validity.valid || source.value === "") return;
    other.value = source.value;
    write(source.value);
  };
  number.addEventListener("input", from(number, slider));
  slider.addEventListener("input", from(slider, number));
  const element = make("div", { class: "control" }, make("span", { text: label }), slider, number);
  const held = (input) => document.activeElement === input;
  return {
    element,
    set(found) {
      number.min = found.least;
      number.step = Number.isInteger(found.step) ? 1 : "any";
      if (!held(slider)) Object.assign(slider, { min: found.least, max: found.most, step: found.step });
      if (!held(number)) number.value = found.value;
      if (!held(slider)) slider.value = found.value;
    },
  };
}

function toggle(entry, label, write) {
  const box = make("input", { type: "checkbox", role: "switch", disabled: !entry.edit });
  let words = ["0", "1"];
  box.addEventListener("change", () => write(words[Number(box.checked)]));
  return {
    element: make("label", { class: "control switch" }, make("span", { text: label }), box),
    set(found) {
      words = typeof found.value === "boolean" ? ["false", "true"] : ["0", "1"];
      box.checked = Boolean(found.value);
    },
  };
}
