// One switch between languages: elements say in attributes which text is theirs.
import en from "./texts/en.js";
import zh from "./texts/zh.js";

const LANGUAGES = { en, zh };
const TAGS = { en: "en", zh: "zh-Hans" };

let current = "en";

export const language = () => current;

/** A text of the page in the language that is switched to. */
export const say = (key) => LANGUAGES[current][key];

/** The language that the reader has chosen before, else the browser's. */
export function preferred() {
  const kept = recalled("language");
  if (kept in LANGUAGES) return kept;
  return navigator.language?.startsWith("zh") ? "zh" : "en";
}

/** Put the page in a language: `data-text` is content, `data-label` a name, `data-title` a title,
 * `data-placeholder` what an empty field says. */
export function switchTo(wanted) {
  current = wanted;
  keep("language", wanted);
  document.documentElement.lang = TAGS[wanted];
  document.title = say("title");
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = say(element.dataset.text);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", say(element.dataset.label));
  }
  for (const element of document.querySelectorAll("[data-placeholder]")) {
    element.placeholder = say(element.dataset.placeholder);
  }
  for (const element of document.querySelectorAll("[data-title]")) {
    element.title = say(element.dataset.title);
  }
}

/** What is kept between visits; nothing where the browser keeps nothing. */
export function recalled(key) {
  try {
    return localStorage.getItem(`cnncalc.${key}`);
  } catch {
    return null;
  }
}

export function keep(key, value) {
  try {
    localStorage.setItem(`cnncalc.${key}`, value);
  } catch {
    // a browser that keeps nothing asks again the next time
  }
}
