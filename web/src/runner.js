// The page's end of the worker: one request at a time, the latest of a sort wins, and a worker that
// takes too long is stopped and started anew.

export const LIMIT = 10_000; // milliseconds that one request may take

const URGENT = "report"; // goes before all that waits
const PATIENT = ["beside", "parts", "findings", "explain"]; // of no use once the text has changed

/** Why a request has no answer: `reason` is `superseded`, `stopped`, `failed` or `broken`. */
export class NoAnswer extends Error {
  constructor(reason, message = "") {
    super(message || reason);
    this.reason = reason;
  }
}

export class Runner {
  #worker = null;
  #ready = false;
  #broken = null;
  #queue = [];
  #current = null;
  #timer = 0;
  #count = 0;

  /** `onState` hears `starting`, `ready`, `working` and `broken`. */
  constructor(address, onState) {
    this.address = address;
    this.onState = onState;
  }

  /** Load the interpreter; what was asked before waits for it. */
  start() {
    if (!this.#worker) this.#start();
  }

  /** An answer to a request; a later one of the same `sort` takes the place of one that waits. */
  ask(body, sort = body.ask) {
    return new Promise((resolve, reject) => {
      if (this.#broken) {
        reject(new NoAnswer("broken", this.#broken));
        return;
      }
      const waiting = this.#queue.findIndex((entry) => entry.sort === sort);
      const entry = { body, sort, resolve, reject };
      if (waiting >= 0) {
        this.#queue[waiting].reject(new NoAnswer("superseded"));
        this.#queue[waiting] = entry;
      } else if (sort === URGENT) {
        // what is said of the text before it would only keep this one waiting
        this.#forget((other) => PATIENT.includes(other.body.ask));
        this.#queue.unshift(entry);
      } else {
        this.#queue.push(entry);
      }
      this.#next();
    });
  }

  #forget(which) {
    for (const entry of this.#queue.filter(which)) entry.reject(new NoAnswer("superseded"));
    this.#queue = this.#queue.filter((entry) => !which(entry));
  }

  #start() {
    this.#ready = false;
    this.onState("starting");
    this.#worker = new Worker(this.address, { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#heard(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#breaks(event.message || "the worker could not be loaded");
    };
  }

  #heard(data) {
    if (data.ready) {
      this.#ready = true;
      this.onState("ready");
      this.#next();
      return;
    }
    if (data.broken !== undefined) {
      this.#breaks(data.broken);
      return;
    }
    const entry = this.#current;
    if (!entry || entry.id !== data.id) return;
    clearTimeout(this.#timer);
    this.#current = null;
    if (data.failure === undefined) entry.resolve(JSON.parse(data.answer));
    else entry.reject(new NoAnswer("failed", data.failure));
    this.onState("ready");
    this.#next();
  }

  #next() {
    if (!this.#ready || this.#current || !this.#queue.length) return;
    const entry = this.#queue.shift();
    entry.id = ++this.#count;
    this.#current = entry;
    this.#timer = setTimeout(() => this.#stop(), LIMIT);
    this.onState("working");
    this.#worker.postMessage({ id: entry.id, body: entry.body });
  }

  #stop() {
    const entry = this.#current;
    this.#current = null;
    this.#worker.terminate();
    this.#start();
    entry.reject(new NoAnswer("stopped"));
  }

  #breaks(message) {
    this.#broken = message;
    clearTimeout(this.#timer);
    this.#worker.terminate();
    for (const entry of [this.#current, ...this.#queue]) entry?.reject(new NoAnswer("broken", message));
    this.#current = null;
    this.#queue = [];
    this.onState("broken");
  }
}
