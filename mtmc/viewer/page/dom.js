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
export function chip(page, index) {
  const element = el("span", { class: "camera" }, page.scene.cameras[index].name);
  element.style.setProperty("--hue", page.cameraColor(index));
  return element;
}

// A canvas as large as its element, sharp on every screen; calls draw(context, width, height)
// when it is first seen, when its size or the colour scheme changes, and when the returned
// function is called.
export function canvas(element, draw) {
  const context = element.getContext("2d");
  let waiting = false, seen = false;
  const paint = () => {
    waiting = false;
    if (!seen) return; // it is asked for again when it is
    const width = element.clientWidth, height = element.clientHeight;
    if (!width || !height) return;
    const scale = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
    if (element.width !== wide || element.height !== high) [element.width, element.height] = [wide, high];
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    draw(context, width, height);
  };
  const ask = () => {
    if (!waiting) requestAnimationFrame(paint);
    waiting = true;
  };
  new IntersectionObserver(([entry]) => ((seen = entry.isIntersecting), seen && ask())).observe(element);
  new ResizeObserver(ask).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ask);
  return ask;
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
