// The floor from above: cameras, what they see of it, and the ways people went.

import { canvas, el, showTip, tone } from "mtmc/dom.js";
import { register } from "mtmc/panels.js";

const EDGE = 34; // px around, for numbers
const RECENT = 8; // s of a way that is bright behind the playhead
const CROWD = 40; // people, of more the ends of their ways are not marked
const FLOW = 2.5; // s within which two points of a way belong together

register({
  id: "floor",
  title: "Floor",
  order: 40,
  wide: false,
  wanted: (page) => page.scene.cameras.some((camera) => camera.calibrated),
  build,
});

function build(element, page) {
  const figure = el("canvas", { role: "img", "aria-label": "The floor from above, with everybody's way" });
  const said = el("span", {});
  const change = el("button", { class: "small", onclick: () => ((whole = !whole), show()) });
  element.append(el("div", { class: "floor" }, figure), el("p", { class: "hint" }, said, " ", change));
  let plan = null, whole = false, bounds = boundsOf(page.scene);
  page.on("scene", () => (bounds = boundsOf(page.scene)));
  const now = () => (whole ? null : page.now);
  const walkers = () => page.shown().filter(({ id }) => page.scene.trails[id]);
  const ask = canvas(
    figure,
    (context, width, height) => {
      plan = planOf(bounds, width, height);
      drawGrid(context, plan, width, height);
      page.scene.cameras.forEach((camera, index) => drawView(context, plan, camera, page.cameraColor(index)));
      const strength = strengths(walkers(), page.selected);
      for (const [id, alpha, wide] of strength) {
        drawTrail(context, plan, page, id, [-Infinity, Infinity], now() === null ? alpha : 0.35 * alpha, wide);
        if (now() === null && alpha > 0.5) drawStart(context, plan, page, id);
      }
      page.scene.cameras.forEach((camera, index) => drawCamera(context, plan, camera, page.cameraColor(index)));
      drawn = now() === null;
    },
    (context) => {
      const shown = walkers();
      if (now() !== null)
        for (const [id, alpha, wide] of strengths(shown, page.selected))
          drawTrail(context, plan, page, id, [now() - RECENT, now()], Math.min(1, 1.5 * alpha), wide + 1);
      const few = shown.length <= CROWD || now() !== null;
      for (const { id } of shown) if (few || id === page.selected) drawPerson(context, plan, page, id, now());
    },
  );
  let drawn = true; // whether what stays was drawn without a playhead
  const show = () => {
    change.hidden = page.now === null;
    change.textContent = whole ? "This moment" : "Whole ways";
    said.textContent =
      now() === null
        ? "Everybody's way, from above; metres. Ring: where it begins."
        : `At ${page.clock(now(), 1)}, from above; metres. Bright: the last ${RECENT} s.`;
    if (drawn !== (now() === null)) ask();
    else ask.over();
  };
  for (const name of ["filter", "select", "scene"]) page.on(name, ask);
  page.on("time", show);
  show();
  figure.addEventListener("pointermove", (event) => {
    const found = nearest(page, plan, event);
    figure.style.cursor = found ? "pointer" : "";
    showTip(event, found && [`${page.called(found.id)} · ${page.clock(found.time, 1)}`]);
  });
  figure.addEventListener("pointerleave", (event) => showTip(event, null));
  figure.addEventListener("click", (event) => {
    const found = nearest(page, plan, event);
    page.select(found ? found.id : null);
    if (found) page.go(found.time);
  });
}

function boundsOf(scene) {
  const xs = [], ys = [];
  for (const camera of scene.cameras) if (camera.place) xs.push(camera.place[0]), ys.push(camera.place[1]);
  for (const pieces of Object.values(scene.trails))
    for (const piece of pieces)
      for (let at = 0; at < piece.length; at += 3) xs.push(piece[at + 1]), ys.push(piece[at + 2]);
  return [around(xs), around(ys)];
}

// From metres to pixels, y upwards, so that all fits.
function planOf([[left, right], [low, high]], width, height) {
  const scale = Math.min((width - 2 * EDGE) / (right - left), (height - 2 * EDGE) / (high - low));
  const [dx, dy] = [(width - scale * (right - left)) / 2, (height - scale * (high - low)) / 2];
  return { scale, at: (x, y) => [dx + scale * (x - left), height - dy - scale * (y - low)], left, right, low, high };
}

function around(values) {
  if (!values.length) return [-1, 1];
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) (low = Math.min(low, value)), (high = Math.max(high, value));
  return [low - 1, high + 1];
}

function drawGrid(context, plan, width, height) {
  const { left, right, low, high, scale, at } = plan;
  const main = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => step * scale >= 46) ?? 1000;
  context.fillStyle = tone("grid");
  const [x1, y2] = at(left, low), [x2, y1] = at(right, high);
  const columns = multiples(left - x1 / scale, right + (width - x2) / scale, main);
  const lines = multiples(low - (height - y2) / scale, high + y1 / scale, main);
  for (const x of columns) context.fillRect(at(x, 0)[0], 0, 1, height);
  for (const y of lines) context.fillRect(0, at(0, y)[1], width, 1);
  context.fillStyle = tone("soft");
  context.font = "10px system-ui, sans-serif";
  context.textAlign = "center";
  for (const x of columns.slice(1)) context.fillText(x, at(x, 0)[0], height - 4);
  context.textAlign = "left";
  for (const y of lines.slice(1)) context.fillText(y, 4, at(0, y)[1] - 3);
}

function multiples(low, high, step) {
  const found = [];
  for (let value = Math.ceil(low / step); value <= Math.floor(high / step); value++) found.push(value * step);
  return found;
}

function drawView(context, plan, camera, color) {
  if (camera.view.length < 3) return;
  context.beginPath();
  for (const [x, y] of camera.view) context.lineTo(...plan.at(x, y));
  context.closePath();
  context.globalAlpha = 0.09;
  context.fillStyle = color;
  context.fill();
  context.globalAlpha = 1;
}

function drawCamera(context, plan, camera, color) {
  if (!camera.place) return;
  const [x, y] = plan.at(...camera.place);
  context.fillStyle = color;
  if (camera.view.length) {
    const sum = camera.view.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
    const [tx, ty] = plan.at(...sum.map((value) => value / camera.view.length));
    const angle = Math.atan2(ty - y, tx - x);
    context.globalAlpha = 0.5;
    context.beginPath();
    context.moveTo(x, y);
    context.arc(x, y, 22, angle - 0.45, angle + 0.45);
    context.fill();
    context.globalAlpha = 1;
  }
  context.beginPath();
  context.arc(x, y, 6, 0, 7);
  context.fill();
  context.font = "600 11px system-ui, sans-serif";
  context.textAlign = "center";
  write(context, camera.name, x, y - 12);
}

function write(context, text, x, y) {
  context.lineWidth = 3;
  context.strokeStyle = tone("card");
  context.strokeText(text, x, y);
  context.fillStyle = tone("text");
  context.fillText(text, x, y);
}

// Of each person: id, how strong the way is drawn, and how wide. Many ways become a shade: the
// darker, the more people went there.
function strengths(shown, selected) {
  const alone = shown.some(({ id }) => id === selected);
  const faint = Math.max(0.2, Math.min(1, 14 / Math.max(shown.length, 1)));
  const rest = shown.filter(({ id }) => id !== selected).map(({ id }) => [id, (alone ? 0.15 : 0.75) * faint, 1.6]);
  return alone ? [...rest, [selected, 1, 3]] : rest;
}

function drawTrail(context, plan, page, id, [first, last], alpha, wide) {
  const { from, to } = page.filter;
  const [low, high] = [Math.max(first, from ?? first), Math.min(last, to ?? last)];
  context.strokeStyle = page.color(id).fill;
  context.lineJoin = "round";
  context.globalAlpha = alpha;
  context.lineWidth = wide;
  context.beginPath();
  for (const piece of page.scene.trails[id]) {
    if (piece[0] > high || piece[piece.length - 3] < low) continue;
    let down = false;
    for (let at = 0; at < piece.length && piece[at] <= high; at += 3) {
      if (piece[at] < low) continue;
      const place = plan.at(piece[at + 1], piece[at + 2]);
      if (down) context.lineTo(...place);
      else context.moveTo(...place);
      down = true;
    }
  }
  context.stroke();
  context.globalAlpha = 1;
}

function drawStart(context, plan, page, id) {
  const start = page.scene.trails[id][0];
  if (!start) return;
  context.strokeStyle = page.color(id).fill;
  context.fillStyle = tone("card");
  context.lineWidth = 2;
  context.beginPath();
  context.arc(...plan.at(start[1], start[2]), 4, 0, 7);
  context.fill();
  context.stroke();
}

// A disc where somebody is at the playhead, or else where the way ends.
function drawPerson(context, plan, page, id, now) {
  const place = now === null ? lastPlace(page.scene.trails[id]) : placeAt(page.scene.trails[id], now);
  if (!place) return;
  const alone = page.selected !== null && page.selected !== id && page.scene.trails[page.selected];
  const { fill, text } = page.color(id);
  const [x, y] = plan.at(...place);
  context.globalAlpha = alone ? 0.3 : 1;
  context.fillStyle = fill;
  context.strokeStyle = tone("card");
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, 10, 0, 7);
  context.fill();
  context.stroke();
  context.fillStyle = text;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `600 ${String(id).length > 2 ? 8 : 10}px system-ui, sans-serif`;
  context.fillText(id, x, y + 0.5);
  context.textBaseline = "alphabetic";
  context.globalAlpha = 1;
}

function lastPlace(pieces) {
  const piece = pieces[pieces.length - 1];
  return piece && piece.slice(-2);
}

function placeAt(pieces, time) {
  for (const piece of pieces) {
    if (time < piece[0] - FLOW || time > piece[piece.length - 3] + FLOW) continue;
    let [low, high] = [0, piece.length / 3 - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (piece[3 * middle] < time) low = middle + 1;
      else high = middle;
    }
    const after = 3 * low, before = Math.max(0, after - 3);
    const span = piece[after] - piece[before];
    const share = span > 0 ? Math.min(Math.max((time - piece[before]) / span, 0), 1) : 1;
    return [1, 2].map((axis) => piece[before + axis] + share * (piece[after + axis] - piece[before + axis]));
  }
  return null;
}

function nearest(page, plan, event) {
  let best = null, least = 14;
  if (!plan) return null;
  for (const { id } of page.shown()) {
    for (const piece of page.scene.trails[id] ?? []) {
      for (let at = 0; at < piece.length; at += 3) {
        const [x, y] = plan.at(piece[at + 1], piece[at + 2]);
        const away = Math.hypot(x - event.offsetX, y - event.offsetY);
        if (away < least) (least = away), (best = { id, time: piece[at] });
      }
    }
  }
  return best;
}
