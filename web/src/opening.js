// Files of any tool, by a button or dropped anywhere on the page.
import { by } from "./elements.js";
import { say } from "./texts.js";

const LARGEST = 200 * 2 ** 20;

/** `open(name, data)` hears of a file that was chosen, its contents in base64; `tell` of one that is too large. */
export function opening(open, tell) {
  const input = by("file");
  by("open").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    if (input.files[0]) read(input.files[0]);
    input.value = "";
  });

  async function read(file) {
    if (file.size > LARGEST) tell(`${file.name}: ${say("tooLarge")}`);
    else open(file.name, base64(new Uint8Array(await file.arrayBuffer())));
  }

  const carries = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    document.documentElement.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.documentElement.classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    event.stopPropagation();
    document.documentElement.classList.remove("dropping");
    if (event.dataTransfer.files[0]) read(event.dataTransfer.files[0]);
  }, true);
}

function base64(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += 0x8000) pieces.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  return btoa(pieces.join(""));
}
