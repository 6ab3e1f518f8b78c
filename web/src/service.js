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

self.addEventListener("fetch", (event) => {
  const address = event.request.url.split("#")[0].split("?")[0];
  if (event.request.method !== "GET" || !OWN.has(address)) return;
  const answer = async () => {
    const cache = await caches.open(CACHE);
    return (await cache.match(address)) ?? fetch(event.request);
  };
  event.respondWith(answer());
});
