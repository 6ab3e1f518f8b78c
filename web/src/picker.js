// Choosing a file: new ones, one's own, and the shipped networks with what they cost.
import { drafts } from "./drafts.js";
import { by, make } from "./elements.js";
import { TEMPLATES } from "./templates.js";
import { say } from "./texts.js";

/**
 * The list behind the button with the network's name. `open` hears what is chosen: `{net}`, or
 * `{text}` of a new file or a draft with its settings.
 */
export function picker(networks, open) {
  const button = by("net");
  const search = by("net-search");
  const list = by("net-list");
  const order = new Intl.Collator("en", { numeric: true });
  const shipped = [...networks.values()].sort((a, b) => order.compare(a.title, b.title));
  let options = [];
  let active = 0;

  function entries() {
    const fresh = Object.entries(TEMPLATES).map(([key, text]) => ({ label: say("templates")[key], chosen: { text } }));
    const own = drafts().map((draft) => ({ label: draft.name || say("unnamed"), chosen: draft }));
    const known = shipped.map(({ name, title, source, params, macs }) => ({
      label: title, detail: `${params} · ${macs} MACs`, hint: `${name} ${source}`, chosen: { net: name } }));
    return [["newFile", fresh], ["recentFiles", own], ["shippedNetworks", known]];
  }

  function fill() {
    const terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hit = ({ label, hint = "" }) => terms.every((term) => `${label} ${hint}`.toLowerCase().includes(term));
    options = [];
    const groups = entries().flatMap(([title, all]) => {
      const begins = ({ label }) => Number(!label.toLowerCase().startsWith(terms[0] ?? ""));
      const found = all.filter(hit).sort((a, b) => begins(a) - begins(b));
      if (!found.length) return [];
      const items = found.map((entry) => {
        const item = make("li", { role: "option", id: `net-option-${options.length}`, onclick: () => choose(entry) },
          make("span", { class: "label", text: entry.label }), make("span", { class: "detail", text: entry.detail ?? "" }));
        if (entry.chosen.net) item.dataset.net = entry.chosen.net;
        options.push([item, entry]);
        return item;
      });
      return [make("li", { class: "group", role: "presentation", text: say(title) }), ...items];
    });
    list.replaceChildren(...(groups.length ? groups : [make("li", { class: "group", text: say("noNetwork") })]));
    point(0);
  }

  function point(index) {
    active = Math.min(Math.max(index, 0), options.length - 1);
    options.forEach(([item], at) => item.setAttribute("aria-selected", String(at === active)));
    const item = options[active]?.[0];
    search.setAttribute("aria-activedescendant", item?.id ?? "");
    item?.scrollIntoView({ block: "nearest" });
  }

  function choose(entry) {
    by("networks").hidePopover();
    open(entry.chosen);
  }

  by("networks").addEventListener("toggle", ({ newState }) => {
    button.setAttribute("aria-expanded", String(newState === "open"));
    if (newState !== "open") return;
    search.value = "";
    fill();
    search.focus();
  });
  search.addEventListener("input", fill);
  search.addEventListener("keydown", (event) => {
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 10, PageUp: active - 10 }[event.key];
    if (to !== undefined) point(to);
    else if (event.key === "Enter" && options[active]) choose(options[active][1]);
    else return;
    event.preventDefault();
  });

  return {
    /** Say which network the editor holds. */
    show(net, text, title) {
      button.dataset.net = net;
      button.textContent = networks.get(net)?.title ?? (title || say("ownFile"));
    },
  };
}
