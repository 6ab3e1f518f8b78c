// The editor: YAML with completion and hover, findings underlined, notes in grey behind the lines.
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, isolateHistory, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { forceLinting, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, StateEffect, StateField, Transaction } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  ViewPlugin,
  WidgetType,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

class Note extends WidgetType {
  constructor(text) {
    super();
    this.text = text;
  }
  eq(other) {
    return other.text === this.text;
  }
  toDOM() {
    const found = document.createElement("span");
    found.className = "cm-note";
    found.textContent = this.text;
    return found;
  }
}

const setNotes = StateEffect.define();

const notes = StateField.define({
  create: () => Decoration.none,
  update(found, transaction) {
    let changed = found.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setNotes)) continue;
      const { doc } = transaction.state;
      const made = effect.value
        .filter(([line]) => line <= doc.lines)
        .map(([line, text]) => Decoration.widget({ widget: new Note(text), side: 1 }).range(doc.line(line).to));
      changed = Decoration.set(made);
    }
    return changed;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const setMark = StateEffect.define();

/** The line of the layer that is chosen in the report. */
const marked = StateField.define({
  create: () => Decoration.none,
  update(found, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setMark)) {
        const { doc } = transaction.state;
        const line = effect.value;
        return line && line <= doc.lines ? Decoration.set(Decoration.line({ class: "cm-of-layer" }).range(doc.line(line).from)) : Decoration.none;
      }
    }
    return found.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Places that the page edits; they move with the text. */
const setPlaces = StateEffect.define();

const places = StateField.define({
  create: () => [],
  update(found, transaction) {
    for (const effect of transaction.effects) if (effect.is(setPlaces)) return effect.value;
    if (!transaction.docChanged) return found;
    const { changes } = transaction;
    return found.map(
      (place) => place && { ...place, from: changes.mapPos(place.from, -1), to: changes.mapPos(place.to, 1) },
    );
  },
});

/** The offset of a line and column, both from 1 on; the nearest where there is none. */
export function offset(doc, line, column) {
  if (line < 1) return 0;
  if (line > doc.lines) return doc.length;
  const found = doc.line(line);
  // columns count characters, the editor counts UTF-16 units
  let position = 0;
  for (const sign of found.text) {
    if (--column < 1) break;
    position += sign.length;
  }
  return Math.min(found.from + position, found.to);
}

/** From where to where a place goes: `line`, `column`, `end_line`, `end_column`. */
export function range(doc, place) {
  const from = offset(doc, place.line, place.column);
  return { from, to: Math.max(from, offset(doc, place.end_line, place.end_column)) };
}

/**
 * An editor in an element. `changed` hears every change of the text, `pointed` the line that the
 * cursor is put on, `complete` and `hover` are
 * CodeMirror's sources, `nonce` is that of the page's policy for styles.
 */
export function editor({ parent, nonce, changed, complete, hover, pointed, label }) {
  const labelled = new Compartment();
  const attributes = (text) =>
    EditorView.contentAttributes.of({ "aria-label": text, tabindex: "0", spellcheck: "false", autocapitalize: "off" });
  const extensions = [
    EditorView.cspNonce.of(nonce),
    labelled.of(attributes(label)),
    lineNumbers(),
    highlightActiveLineGutter(),
    foldGutter(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    syntaxHighlighting(classHighlighter),
    yaml(),
    lintGutter(),
    autocompletion({ override: [complete], icons: false }),
    hoverTooltip(hover),
    notes,
    marked,
    places,
    EditorView.domEventHandlers({
      click: (event, view) => {
        const { main } = view.state.selection;
        if (main.empty) pointed(view.state.doc.lineAt(main.head).number);
      },
    }),
    keymap.of([
      { key: "Tab", run: tab, shift: indentLess },
      ...completionKeymap,
      { key: "Enter", run: nextLine },
      ...lintKeymap,
      ...searchKeymap,
      ...foldKeymap,
      ...historyKeymap,
      ...defaultKeymap,
    ]),
    // a plugin hears of a change before it is drawn: the worker answers meanwhile
    ViewPlugin.define(() => ({ update: ({ docChanged }) => docChanged && changed() })),
  ];
  const view = new EditorView({ parent, state: EditorState.create({ doc: "", extensions }) });
  return {
    view,
    text: () => view.state.doc.toString(),
    /** Another file; undo brings back the one before. */
    open(text) {
      if (text === view.state.doc.toString()) return void changed();
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        selection: { anchor: 0 },
        effects: EditorView.scrollIntoView(0),
        annotations: [isolateHistory.of("full"), Transaction.addToHistory.of(view.state.doc.length > 0)],
        userEvent: "input.file",
      });
    },
    /** Mark the line of a chosen layer, or none; `scroll` brings it into view. */
    mark(line, scroll) {
      const effects = [setMark.of(line)];
      if (line && scroll && line <= view.state.doc.lines) {
        effects.push(EditorView.scrollIntoView(view.state.doc.line(line).from, { y: "nearest", yMargin: 40 }));
      }
      view.dispatch({ effects });
    },
    rename: (text) => view.dispatch({ effects: labelled.reconfigure(attributes(text)) }),
    annotate: (found) => view.dispatch({ effects: setNotes.of(found) }),
    show: (found) => view.dispatch(setDiagnostics(view.state, found)),
    /** Remember places (or `null`) by their order; `replace` edits one of them. */
    remember(found) {
      const { doc } = view.state;
      view.dispatch({ effects: setPlaces.of(found.map((place) => place && { ...place, ...range(doc, place) })) });
    },
    replace(index, text) {
      const place = view.state.field(places)[index];
      if (!place) return;
      const insert = place.before + text + place.after;
      const kept = view.state.field(places).map((other, at) =>
        at === index
          ? { ...place, from: place.from + place.before.length, to: place.from + place.before.length + text.length, before: "", after: "" }
          : other && moved(other, place, insert.length - (place.to - place.from)),
      );
      view.dispatch({
        changes: { from: place.from, to: place.to, insert },
        effects: setPlaces.of(kept),
        annotations: Transaction.userEvent.of("input.control"),
      });
    },
    /** Apply edits of a repair, all at once. */
    apply(edits) {
      const { doc } = view.state;
      view.dispatch({ changes: edits.map((edit) => ({ ...range(doc, edit), insert: edit.text })), userEvent: "input.repair" });
    },
    /** Another text with the cursor on a line, in one step of undo; what is the same stays. */
    rewrite(text, line) {
      const now = view.state.doc.toString();
      let from = 0;
      while (from < now.length && from < text.length && now[from] === text[from]) from += 1;
      let end = 0;
      while (end < now.length - from && end < text.length - from && now[now.length - 1 - end] === text[text.length - 1 - end]) end += 1;
      view.dispatch({ changes: { from, to: now.length - end, insert: text.slice(from, text.length - end) }, userEvent: "input.form" });
      const { doc } = view.state;
      const at = doc.line(Math.min(line, doc.lines)).to;
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "nearest" }) });
    },
    go(place) {
      const { from, to } = range(view.state.doc, place);
      view.dispatch({ selection: { anchor: from, head: to }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
      view.focus();
    },
  };
}

/** A place behind another that has grown. */
function moved(place, grown, by) {
  return place.from >= grown.to ? { ...place, from: place.from + by, to: place.to + by } : place;
}

/**
 * A new line as lists and mappings of a file go on: behind an entry of a list the next entry, behind
 * `key:` one level deeper; on an entry that is still empty, the list ends.
 */
export function nextLine({ state, dispatch }) {
  const { from, to } = state.selection.main;
  const line = state.doc.lineAt(from);
  const before = line.text.slice(0, from - line.from);
  const after = line.text.slice(from - line.from).trim();
  const [, indent, dashes] = /^(\s*)((?:- +)*)/.exec(before);
  const content = before.slice(indent.length + dashes.length).replace(/\s+#.*$/, "").trimEnd();
  const insert = (text, start = from) => {
    dispatch(state.update({ changes: { from: start, to, insert: text }, selection: { anchor: start + text.length },
      scrollIntoView: true, userEvent: "input" }));
    return true;
  };
  if (after || depth(content) > 0) return insert(`\n${indent}${" ".repeat(dashes.length)}${depth(content) > 0 ? "  " : ""}`);
  if (dashes && !content) return insert(indent.slice(2), line.from);
  const listed = /^(layers|add|concat|multiply)\s*:$|\)\s*:$/.test(content);
  if (content.endsWith(":")) return insert(`\n${indent}${" ".repeat(dashes.length)}  ${listed ? "- " : ""}`);
  return insert(`\n${indent}${dashes.length > 2 ? " ".repeat(dashes.length - 2) : ""}${dashes ? "- " : ""}`);
}

/** How many brackets are open at the end of a text. */
function depth(text) {
  let open = 0;
  for (const sign of text.replace(/(["']).*?\1/g, "")) open += "[{".includes(sign) ? 1 : "]}".includes(sign) ? -1 : 0;
  return open;
}

/** Tab indents a selection; else it leaves the editor, for those who have no mouse. */
function tab(view) {
  return view.state.selection.main.empty ? false : indentMore(view);
}
