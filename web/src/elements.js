// Elements without a framework.

/** An element with properties (`class`, `text`, `on…`, attributes) and children. */
export function make(tag, properties = {}, ...children) {
  const found = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "text") found.textContent = value;
    else if (key.startsWith("on")) found.addEventListener(key.slice(2), value);
    else found.setAttribute(key, value === true ? "" : value);
  }
  found.append(...children);
  return found;
}

export const by = (id) => document.getElementById(id);

/** Let the reader save a text as a file. */
export function download(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Let the reader save a drawing as a picture, at twice its size. */
export function downloadPicture(name, svg) {
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  const image = new Image();
  image.onload = () => {
    const scale = Math.min(2, 16_000 / Math.max(image.width, image.height));
    const canvas = make("canvas", { width: Math.ceil(image.width * scale), height: Math.ceil(image.height * scale) });
    const context = canvas.getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(address);
    canvas.toBlob((blob) => {
      const made = URL.createObjectURL(blob);
      make("a", { href: made, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(made), 10_000);
    });
  };
  image.src = address;
}

export const code = (text) => make("code", { text });
