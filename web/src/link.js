// A network in a link: the name of a shipped one, or the file itself, deflated, in the fragment.

export const LONGEST = 100_000; // characters of a link that programs still pass on

const VIEWS = ["right", "axis", "slide"]; // that a link may open

/** The fragment of what the page shows; empty where it would be too long. */
export async function written({ net, text, batch, dtype }) {
  const parts = new URLSearchParams();
  if (net) parts.set("net", net);
  else parts.set("file", await packed(text));
  if (batch !== 1) parts.set("batch", batch);
  if (dtype !== "float32") parts.set("dtype", dtype);
  const fragment = `#${parts}`;
  return fragment.length > LONGEST ? "" : fragment;
}

/** What a fragment says; `null` where it says nothing that can be read. */
export async function read(fragment) {
  const parts = new URLSearchParams(fragment.replace(/^#/, ""));
  const batch = Number(parts.get("batch") ?? 1);
  const told = {
    batch: Number.isSafeInteger(batch) && batch > 0 ? batch : 1,
    dtype: parts.get("dtype") ?? "float32",
    view: VIEWS.includes(parts.get("view")) ? parts.get("view") : null,
  };
  if (parts.has("net")) return { ...told, net: parts.get("net") };
  if (!parts.has("file")) return told.view && parts.size === 1 ? { ...told, net: "vgg16" } : null;
  try {
    return { ...told, text: await unpacked(parts.get("file")) };
  } catch {
    return null;
  }
}

async function packed(text) {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

async function unpacked(word) {
  const binary = atob(word.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const data = await new Response(limited(stream)).arrayBuffer();
  return new TextDecoder("utf-8", { fatal: true }).decode(data);
}

const MOST = 8 * 1024 * 1024; // as large as a file may be

/** A stream that ends in an error once it is longer than any file: a link may be anybody's. */
function limited(stream) {
  let size = 0;
  return stream.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        size += chunk.length;
        if (size > MOST) controller.error(new Error("too large"));
        else controller.enqueue(chunk);
      },
    }),
  );
}
