// Elements with texts: names and messages come in as text nodes only.

let spoken = {};

/** Have the page's own words in another language: `wanted` maps them. */
export function speak(wanted) {
  spoken = wanted;
}

/** A word of the page's own, in the language that it speaks. */
export const say = (text) => spoken[text] ?? text;

const SVG = "http://www.w3.org/2000/svg";

/** An element of HTML; of its attributes, functions are listeners and `null` ones left out. */
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function draw(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A table of texts; `numbers` tells which columns stand to the right. */
export function texts(heads, rows, numbers = []) {
  const cell = (tag, text, column, more = {}) =>
    make(tag, { class: numbers.includes(column) ? "number" : null, ...more }, text);
  const body = rows.map((row) =>
    make("tr", {}, ...row.map((text, column) =>
      column ? cell("td", text, column) : cell("th", text, column, { scope: "row" }))));
  const head = heads
    ? make("thead", {}, make("tr", {}, ...heads.map((text, column) =>
        text ? cell("th", text, column, { scope: "col" }) : cell("td", "", column))))
    : null;
  return make("table", { class: "texts" }, head, make("tbody", {}, ...body));
}

/** Whether a key press is meant for us. */
export function plainKey(event) {
  return !(event.ctrlKey || event.metaKey || event.altKey);
}
