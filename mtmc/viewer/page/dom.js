// Elements without markup in strings: whatever people and cameras are called stays text.

// What is null, undefined or false among the children is left out.
// el("button", { class: "small", onclick: run, title: "…" }, "Text", child, ...)
export function el(tag, about = {}, ...children) {
  const element = document.createElement(tag);
  set(element, about);
  element.append(...children.flat(Infinity).filter((child) => child || child === 0 || child === ""));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, about = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  set(element, about);
  element.append(...children.flat(Infinity).filter((child) => child || child === 0 || child === ""));
  return element;
}

function set(element, about) {
  for (const [key, value] of Object.entries(about)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style") Object.assign(element.style, value);
    else if (key === "data") Object.assign(element.dataset, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
}

// The picture of a person: a disc in their colour with their number; rings tell equal colours apart.
export function badge(page, id) {
  const { fill, text, round } = page.color(id);
  return el(
    "span",
    { class: `badge round${round}`, style: { background: fill, color: text } },
    String(id),
  );
}

// The name of a camera (its index) beside its colour.
export function chip(page, index, short = false) {
  const { name } = page.scene.cameras[index];
  const element = el("span", { class: "camera", title: name }, short ? page.names[index] : name);
  element.style.setProperty("--hue", page.cameraColor(index));
  return element;
}

// A canvas as large as its element, sharp on every screen. draw(context, width, height) draws what
// stays, over(context, width, height) what moves with the playhead. The returned function has both
// drawn anew, its `.over` the latter alone; nothing is drawn that nobody sees.
export function canvas(element, draw, over = () => {}) {
  const context = element.getContext("2d");
  const kept = document.createElement("canvas").getContext("2d", { alpha: true });
  let waiting = false, stale = true, seen = false;
  const paint = () => {
    waiting = false;
    const width = element.clientWidth, height = element.clientHeight;
    if (!width || !height || !seen) return;
    const scale = window.devicePixelRatio || 1;
    const size = [Math.round(width * scale), Math.round(height * scale)];
    if (resized(element, size) | resized(kept.canvas, size)) stale = true;
    if (stale) {
      kept.setTransform(scale, 0, 0, scale, 0, 0);
      kept.clearRect(0, 0, width, height);
      draw(kept, width, height);
      stale = false;
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    context.drawImage(kept.canvas, 0, 0, width, height);
    over(context, width, height);
  };
  const soon = () => {
    if (!waiting) requestAnimationFrame(paint);
    waiting = true;
  };
  const all = () => ((stale = true), soon());
  all.over = soon;
  new ResizeObserver(soon).observe(element);
  new IntersectionObserver((entries) => {
    seen = entries[entries.length - 1].isIntersecting;
    if (seen) soon();
  }).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  return all;
}

function resized(element, [width, height]) {
  if (element.width === width && element.height === height) return false;
  [element.width, element.height] = [width, height];
  return true;
}

// What the style sheet calls "--name".
export function tone(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const tip = document.getElementById("tip");

// A few lines beside the pointer; nothing hides them.
export function showTip(event, lines) {
  if (!lines) {
    tip.hidden = true;
    return;
  }
  tip.replaceChildren(...lines.map((line) => el("div", {}, line)));
  tip.hidden = false;
  const { clientX: x, clientY: y } = event;
  tip.style.left = `${Math.min(x + 14, innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${y + 18 + tip.offsetHeight > innerHeight ? y - tip.offsetHeight - 10 : y + 18}px`;
}
