// The page: an editor on the left, what the package says of its text on the right.
import { mount } from "cnncalc-report/report.js";
import { axisForm, showAxis } from "./axis.js";
import { showChanges } from "./changes.js";
import { controls } from "./controls.js";
import { editor as makeEditor } from "./editor.js";
import { by, download, downloadPicture, make } from "./elements.js";
import { showFindings } from "./findings.js";
import { showFit } from "./fitting.js";
import { keepDraft, keepShown, lastShown, nameOf } from "./drafts.js";
import { layerForm } from "./form.js";
import { knowledge } from "./language.js";
import { read, written } from "./link.js";
import { opening } from "./opening.js";
import { picker as makePicker } from "./picker.js";
import { predicting } from "./predicting.js";
import { Runner } from "./runner.js";
import { slidingWindow } from "./sliding.js";
import { keep, language, preferred, recalled, say, switchTo } from "./texts.js";

const FIRST = "vgg16";
const FORMATS = {
  yaml: ["saveArchitecture", "yaml"],
  markdown: ["saveMarkdown", "md"],
  csv: ["saveCsv", "csv"],
  latex: ["saveLatex", "tex"],
  html: ["saveHtml", "html"],
  json: ["saveJson", "json"],
  volumes: ["saveVolumes", "svg"],
  png: ["savePng", "png"],
  blocks: ["saveBlocks", "svg"],
  dot: ["saveDot", "dot"],
  mermaid: ["saveMermaid", "mmd"],
  pytorch: ["savePytorch", "py"],
  keras: ["saveKeras", "py"],
};
const PARTS = ["sights", "charts", "diagram"]; // asked for when nobody types
const STALE = ["stale", "nothing", "stopped", "failed", "broken"]; // what is said where the report is not the text's
const SLOW = 500; // milliseconds before the page says that it works
const LATER = 150; // milliseconds without typing before what is not urgent is asked for

const script = document.querySelector("script[data-nonce]");
const root = document.documentElement;
const runner = new Runner(new URL("worker.js", import.meta.url), showState);
const first = JSON.parse(by("first").textContent); // the first network's file and table, made by the build
const answers = Promise.all(["language.json", "zoo.json"].map(async (name) => (await fetch(name)).json()));

let settings = { batch: 1, dtype: "float32" };
let networks = new Map([[FIRST, { name: FIRST, title: first.report.name, text: first.text }]]);
let picker = null;
let form = null;
let report = null; // mounted with the first network that could be built
let shown = null; // the data of it
let revision = 0; // of the text and settings
let later = 0;
let telling = 0;
let rest = null; // lets go what waits until nobody types
let resting = Promise.resolve();
let state = "starting";
let notice = null; // key of the text above the report, and what stands behind it
let fragment = "";
let opened = ""; // the text as it was opened, for what has changed since
let lines = []; // the line that makes each layer
let meant = 0; // the layer that the cursor chose, which is not to move the cursor
let last = []; // findings that are shown
let knows = { complete: () => null, hover: () => null };

root.dataset.theme = recalled("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
switchTo(preferred());

const editor = makeEditor({
  parent: by("editor"),
  nonce: script.dataset.nonce,
  label: say("editor"),
  changed,
  complete: (context) => knows.complete(context),
  hover: (view, position) => knows.hover(view, position),
  pointed: (line) => pointed(line),
});
const control = controls(editor, settings, (change) => {
  Object.assign(settings, change);
  changed();
});
const slide = slidingWindow((body) => runner.ask(body).catch(ignore));
const predict = predicting((body) => ask(body).catch(ignore));
const axis = axisForm((body) => runner.ask(body).then(showAxis, ignore));

async function begin() {
  axis.draw();
  view("left");
  opening(openFile, (text) => tell("refused", text));
  const told = location.hash.length > 1 ? { hash: location.hash } : lastShown();
  // the first network's table is part of the page: it is shown before anything else is loaded
  if (!told || told.net === FIRST) {
    editor.open(first.text);
    showReport(first.report);
  }
  const [known, zoo] = await answers;
  networks = new Map(zoo.map((network) => [network.name, network]));
  knows = knowledge(known, [...networks.keys()]);
  picker = makePicker(networks, choose);
  form = layerForm(editor, known, (text, line) => runner.ask({ ask: "outcome", text, line, ...settings }).catch(ignore));
  if (told?.hash) await open(told.hash);
  else put(told ?? { net: FIRST });
  runner.start();
}

/** Show what a fragment says; a shipped network where it says nothing. */
async function open(hash) {
  const told = await read(hash);
  fragment = hash;
  put(told ?? { net: FIRST });
  if (told?.view) view(told.view);
  if (hash.length > 1 && !told) tell("unreadable");
}

/** Put a file into the editor: a shipped network's, or a text with its settings. */
function put({ net, text, batch = 1, dtype = "float32" }) {
  Object.assign(settings, { batch, dtype });
  control.forget();
  opened = text ?? (networks.get(net) ?? networks.get(FIRST)).text;
  editor.open(opened);
}

/** Open a file of any tool that the package reads. */
async function openFile(file, data) {
  try {
    const answer = await ask({ ask: "open", file, data });
    if (answer.text !== undefined) {
      await choose({ text: answer.text });
      return;
    }
    const wrong = answer.refused ?? answer.diagnostics?.[0];
    tell("refused", [wrong?.message, wrong?.hint].filter(Boolean).join(". "));
  } catch (error) {
    refused(error);
  }
}

/** Open what was chosen, with the file before it one step back in the browser's history. */
async function choose(chosen) {
  const before = await written({ net: shipped(editor.text()), text: editor.text(), ...settings });
  history.replaceState(null, "", before || location.pathname);
  fragment = chosen.net ? `#net=${chosen.net}` : await written({ batch: 1, dtype: "float32", net: "", ...chosen });
  history.pushState(null, "", fragment || location.pathname);
  put(chosen);
  if (!chosen.net) editor.view.focus();
}

/** The name of the shipped network whose file this is. */
function shipped(text) {
  for (const network of networks.values()) if (network.text === text) return network.name;
  return "";
}

/** The text or the settings have changed: ask anew. */
function changed() {
  const mine = ++revision;
  root.dataset.revision = mine;
  const text = editor.text();
  const net = shipped(text);
  const name = nameOf(text);
  picker?.show(net, text, name);
  if (picker) keepShown(net ? { net } : { text, ...settings });
  if (picker && !net) keepDraft({ name, text, ...settings });
  clearTimeout(later);
  if (!rest) resting = new Promise((resolve) => (rest = resolve));
  ask({ ask: "report" }).then((answer) => answered(answer, mine), refused);
}

const ask = (body, sort) => {
  const text = editor.text();
  return runner.ask({ text, name: shipped(text), ...settings, ...body }, sort);
};

function answered(answer, asked) {
  if (answer.refused) tell("refused", answer.refused.message);
  else if (answer.report) {
    showReport(answer.report);
    tell(answer.diagnostics ? "partial" : null); // of a file with mistakes: what is known of it
  } else tell(report ? "stale" : "nothing");
  root.dataset.answered = asked;
  if (asked !== revision) return;
  if (answer.report && !answer.diagnostics) ask({ ask: "beside" }).then((more) => asked === revision && beside(more, asked), ignore);
  else beside(answer, asked);
}

/** What stands beside the table: findings, notes behind the lines, and the controls. */
function beside(answer, asked) {
  last = answer.diagnostics ?? [];
  showFindings(editor, last);
  if (answer.notes) editor.annotate(answer.notes);
  if (answer.controls) control.show(answer.controls);
  root.dataset.noted = asked;
  later = setTimeout(() => more(asked), LATER);
}

function rested() {
  rest?.();
  rest = null;
}

/** What can wait until nobody types. */
function more(asked) {
  rested();
  const current = (show) => (answer) => asked === revision && show(answer);
  ask({ ask: "findings" }).then(
    current((answer) => {
      last = answer.diagnostics ?? last;
      showFindings(editor, last);
      root.dataset.examined = asked;
    }),
    ignore,
  );
  for (const part of PARTS) {
    ask({ ask: "parts", parts: [part] }, part).then(
      current((answer) => answer.report && report?.add(answer.report)),
      ignore,
    );
  }
  const quietly = (body) => ask(body).catch(ignore);
  ask({ ask: "lines" }).then(current((answer) => (lines = answer.lines ?? [])), ignore);
  showFit(quietly);
  form?.refresh();
  if (editor.text() === opened) showChanges(null);
  else quietly({ ask: "changes", before: opened }).then((answer) => asked === revision && showChanges(answer));
  written({ net: shipped(editor.text()), text: editor.text(), ...settings }).then(
    current((found) => {
      fragment = found;
      history.replaceState(null, "", found || location.pathname);
    }),
  );
}

function showReport(data) {
  shown = data;
  const names = (data.table?.rows ?? []).filter((row) => !row[3]).map((row) => row[2]);
  queueMicrotask(() => predict.fill(names));
  if (report) report.update(data);
  else {
    report = mount(by("report"), data, { explain, switcher: false, words: say("ofReport"), beside: true, chosen: follow });
  }
}

/** A layer was chosen: its line is marked. */
function follow(number) {
  const line = number ? lines[number - 1] : null;
  editor.mark(line ?? null, meant !== number);
  meant = 0;
}

/** The cursor stands on a line: the layer that it makes is chosen. */
function pointed(line) {
  const number = lines.indexOf(line) + 1;
  if (!number || !report) return;
  meant = number;
  report.select(number);
}

/** What is said of a layer that is pointed at; nothing where another is by now. */
const explain = (number) => resting.then(() => ask({ ask: "explain", number })).then((answer) => answer.explanation, ignore);

/** Why a request has no answer. */
function refused(error) {
  if (error.reason === "superseded") return;
  if (error.reason === undefined) throw error;
  rested();
  if (error.reason === "stopped") root.dataset.stopped = revision;
  tell(error.reason, error.reason === "stopped" ? "" : error.message);
}

function ignore(error) {
  if (error.reason === undefined) throw error;
}

/** A line above the report, or none. */
function tell(key, more = "") {
  notice = key && [key, more];
  const line = by("notice");
  line.hidden = !key;
  line.textContent = key ? (say(key) ?? "") + more : "";
  by("report").classList.toggle("stale", STALE.includes(key));
}

/** What the worker does, in words where it takes its time. */
function showState(now) {
  state = now;
  root.dataset.state = now;
  clearTimeout(telling);
  const told = now === "ready" ? "" : say(now);
  if (now === "working") telling = setTimeout(() => (by("state").textContent = told), SLOW);
  else by("state").textContent = told;
}

// -- the bar ---------------------------------------------------------------------------------------

for (const [format, [text, ending]] of Object.entries(FORMATS)) {
  by("formats").append(make("button", { type: "button", "data-text": text, text: say(text), onclick: () => save(format, ending) }));
}

async function save(format, ending) {
  by("formats").hidePopover();
  const name = shipped(editor.text()) || fileName(nameOf(editor.text())) || "network";
  if (format === "yaml") {
    download(`${name}.yaml`, editor.text(), "application/yaml");
    return;
  }
  try {
    const answer = await ask({ ask: "write", format: format === "png" ? "volumes" : format });
    if (answer.refused) tell("refused", answer.refused.message);
    else if (answer.text === undefined) tell("nothing");
    else if (format === "png") downloadPicture(`${name}.png`, answer.text);
    else download(`${name}.${ending}`, answer.text, answer.type);
  } catch (error) {
    refused(error);
  }
}

/** A network's name as that of a file. */
const fileName = (name) => name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");

by("share").addEventListener("click", async ({ target }) => {
  const found = await written({ net: shipped(editor.text()), text: editor.text(), ...settings });
  let told = "shareLong";
  if (found) {
    fragment = found;
    history.replaceState(null, "", found);
    told = await navigator.clipboard.writeText(location.href).then(() => "shared", () => "copyFailed");
  }
  target.textContent = say(told);
  setTimeout(() => (target.textContent = say("share")), 2000);
});

by("language").addEventListener("click", () => {
  switchTo(language() === "en" ? "zh" : "en");
  editor.rename(say("editor"));
  control.forget();
  if (report) {
    report = null; // built anew with the other words
    showReport(shown);
  }
  axis.draw();
  showState(state);
  if (notice) tell(...notice);
  changed();
});

by("present").addEventListener("click", ({ target }) => {
  const large = root.classList.toggle("presenting");
  target.setAttribute("aria-pressed", String(large));
});

by("appearance").addEventListener("click", () => {
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  keep("theme", root.dataset.theme);
});

// -- views -----------------------------------------------------------------------------------------

/** Show one of the views: on a wide screen the file stays beside the other two. */
function view(name) {
  by("main").dataset.shown = name;
  for (const button of document.querySelectorAll("[data-view]")) {
    const shown = button.dataset.view === name || (name === "left" && button.dataset.view === "right" && wide.matches);
    button.setAttribute("aria-pressed", String(shown));
  }
  if (name === "axis") axis.ask();
  if (name === "slide") slide.show();
}

const wide = matchMedia("(min-width: 900px)");
wide.addEventListener("change", () => view(by("main").dataset.shown));
for (const button of document.querySelectorAll("[data-view]")) {
  button.addEventListener("click", () => view(button.dataset.view));
}
addEventListener("hashchange", () => {
  if (location.hash !== fragment) open(location.hash);
});

// once the page stands, keep its files for the next time
if ("serviceWorker" in navigator && isSecureContext) {
  const kept = new MutationObserver(() => {
    if (!root.dataset.answered) return;
    kept.disconnect();
    navigator.serviceWorker.register("service.js").catch(() => {});
  });
  kept.observe(root, { attributes: true, attributeFilter: ["data-answered"] });
}

begin();
