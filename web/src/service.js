// Keeps the page's own files, so that it opens without a network. VERSION and FILES are put in
// front of this by the build.

const CACHE = `cnncalc-${VERSION}`;
const HERE = new URL("./", self.location.href);
const OWN = new Set(FILES.map((name) => new URL(name, HERE).href));

self.addEventListener("install", (event) => {
  const fill = async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES.map((name) => new Request(name, { cache: "no-cache" })));
    await self.skipWaiting();
  };
  event.waitUntil(fill());
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("cnncalc-") && name !== CACHE) await caches.delete(name);
    }
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

// Whether the page's server answered when the page was opened. While it does, requests take the
// browser's own way, which also keeps compiled code; else the kept files are the answer.
let reached = navigator.onLine;

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = request.url.split("#")[0].split("?")[0];
  if (request.method !== "GET" || !OWN.has(address)) return;
  if (request.mode === "navigate") event.respondWith(opened(request, address));
  else if (!reached) event.respondWith(kept(address).then((found) => found ?? fetch(request)));
});

async function opened(request, address) {
  try {
    const found = await fetch(request);
    reached = true;
    return found;
  } catch (error) {
    reached = false;
    const found = await kept(address);
    if (found) return found;
    throw error;
  }
}

async function kept(address) {
  const cache = await caches.open(CACHE);
  return cache.match(address);
}
