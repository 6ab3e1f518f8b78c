// Two dimensions at work: a kernel that slides over a map, with what each output reads.
import { by, make } from "./elements.js";
import { say } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";
const FIRST = { input: "7", kernel: "3", stride: "2", padding: "1", dilation: "1", transposed: false };
const FIELDS = { input: "axisInput", kernel: "kernel", stride: "stride", padding: "padding", dilation: "dilation" };
const PACE = 700; // milliseconds that a step takes when it plays

const draw = (tag, attributes, ...children) => {
  const found = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
  found.append(...children);
  return found;
};

/** The view; `ask` answers `{taps, reads, size, before, after}` for the settings, or a refusal. */
export function slidingWindow(ask) {
  const values = { ...FIRST };
  let data = null;
  let unit = [0, 0];
  let playing = 0;

  function show() {
    const fields = Object.keys(FIELDS).map((key) => {
      const input = make("input", { value: values[key], inputmode: key === "padding" ? "text" : "numeric", autocomplete: "off", "data-slide": key });
      input.addEventListener("input", () => change(key, input.value));
      return make("label", { class: "control" }, make("span", { text: say(FIELDS[key]) }), input);
    });
    const box = make("input", { type: "checkbox", role: "switch", checked: values.transposed });
    box.addEventListener("change", () => change("transposed", box.checked));
    const play = make("button", { type: "button", text: say("play"), "aria-pressed": "false", onclick: toggle });
    const frames = make("button", { type: "button", text: say("saveFrame"), onclick: save });
    by("slide-form").replaceChildren(...fields,
      make("label", { class: "control switch" }, make("span", { text: say("transposed") }), box),
      make("div", { class: "slide-tools" }, play, frames));
    change();
  }

  async function change(key, value) {
    if (key) values[key] = value;
    const answer = await ask({ ask: "slide", ...values });
    if (!answer) return;
    data = answer.refused ? null : answer;
    by("slide-told").textContent = answer.refused ? [answer.refused.message, answer.refused.hint].filter(Boolean).join("\n") : "";
    if (data) unit = unit.map((one) => Math.min(one, data.taps.length - 1));
    paint();
  }

  function toggle({ target }) {
    if (playing) clearInterval(playing);
    playing = playing ? 0 : setInterval(() => data && move(1), PACE);
    target.setAttribute("aria-pressed", String(Boolean(playing)));
    target.textContent = say(playing ? "pause" : "play");
  }

  /** The next unit in the order of reading. */
  function move(by_) {
    const side = data.taps.length;
    const at = (unit[0] * side + unit[1] + by_ + side * side) % (side * side);
    unit = [Math.floor(at / side), at % side];
    paint();
  }

  function paint() {
    const area = by("slide-view");
    if (!data) return void area.replaceChildren();
    area.replaceChildren(picture());
    const [row, column] = unit;
    const list = (taps) => taps.map((tap) => (tap === null || tap < 0 || tap >= data.size ? "·" : tap)).join(", ");
    const unread = data.reads.flatMap((count, at) => (count ? [] : [at]));
    by("slide-told").textContent = [
      `${say("output")} (${row}, ${column}): ${say("rows")} ${list(data.taps[row])}; ${say("columns")} ${list(data.taps[column])}`,
      `${data.size}×${data.size} → ${data.taps.length}×${data.taps.length}`,
      unread.length ? `${say("neverRead")}: ${unread.join(", ")}` : say("allRead"),
    ].join("\n");
  }

  function picture() {
    const { size, before, after, taps, reads } = data;
    const side = taps.length;
    const padded = values.transposed ? [0, 0] : [before, after];
    const whole = size + padded[0] + padded[1];
    const cell = Math.max(6, Math.min(28, 360 / Math.max(whole, side)));
    const gap = 3 * cell;
    const width = (whole + side) * cell + gap + 4;
    const height = Math.max(whole, side) * cell + 22;
    const inside = (tap) => tap !== null && tap >= 0 && tap < size;
    const [row, column] = unit;
    const read = (y, x) => taps[row].includes(y) && taps[column].includes(x);
    const cells = [];
    for (let y = -padded[0]; y < size + padded[1]; y += 1) {
      for (let x = -padded[0]; x < size + padded[1]; x += 1) {
        const real = inside(y) && inside(x);
        const kind = [real ? "cell" : "pad", read(y, x) ? "tap" : "", real && !(reads[y] && reads[x]) ? "unread" : ""].join(" ");
        cells.push(draw("rect", { class: kind, x: 2 + (x + padded[0]) * cell, y: 20 + (y + padded[0]) * cell, width: cell - 1, height: cell - 1 }));
      }
    }
    const left = 2 + whole * cell + gap;
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1) {
        const found = draw("rect", { class: y === row && x === column ? "cell unit" : "cell", x: left + x * cell, y: 20 + y * cell, width: cell - 1, height: cell - 1 });
        found.addEventListener("pointerover", () => point(y, x));
        found.addEventListener("click", () => point(y, x));
        cells.push(found);
      }
    }
    const titles = [[2, say("input")], [left, say("output")]].map(([x, text]) => draw("text", { x, y: 13, "font-size": 13 }, text));
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, tabindex: "0", role: "img", "aria-label": say("sliding") }, ...titles, ...cells);
    svg.addEventListener("keydown", (event) => {
      const by_ = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: taps.length, ArrowUp: -taps.length }[event.key];
      if (!by_) return;
      event.preventDefault();
      move(by_);
      by("slide-view").firstElementChild.focus();
    });
    return svg;
  }

  function point(y, x) {
    if (unit[0] === y && unit[1] === x) return;
    unit = [y, x];
    paint();
  }

  /** The picture as a file, with its colours in it. */
  function save() {
    const svg = by("slide-view").firstElementChild?.cloneNode(true);
    if (!svg) return;
    const shown = by("slide-view").querySelectorAll("rect, text");
    svg.querySelectorAll("rect, text").forEach((element, at) => {
      const { fill, stroke } = getComputedStyle(shown[at]);
      element.setAttribute("fill", fill);
      element.setAttribute("stroke", stroke);
    });
    svg.setAttribute("xmlns", SVG);
    const address = URL.createObjectURL(new Blob([svg.outerHTML], { type: "image/svg+xml" }));
    make("a", { href: address, download: `window-${unit.join("-")}.svg` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  by("slide-form").addEventListener("submit", (event) => event.preventDefault());
  return { show };
}
