// Cameras as a graph: how many people went from one to the next, and how long that took.

import { chip, el, showTip, svg } from "mtmc/dom.js";
import { duration } from "mtmc/page.js";
import { register } from "mtmc/panels.js";

const SIZE = [560, 420];
const LABELS = 10; // ways with numbers beside them, the most used ones
const FEW = 5; // times that tell no range
const DISC = 26; // radius, px

register({
  id: "ways",
  title: "Between cameras",
  order: 50,
  wide: false,
  wanted: ({ scene }) => scene.cameras.length > 1 && scene.ways.length + scene.shared.length > 0,
  build,
});

function build(element, page) {
  const graph = el("div", { class: "graph" });
  const list = el("div", { class: "scroll ways" });
  const show = () => {
    graph.replaceChildren(drawing(page));
    list.replaceChildren(table(page));
  };
  element.append(
    graph,
    el("p", { class: "hint" }, "Arrows: people who went on, and the usual time. Dotted: seen by both at once."),
    list,
  );
  page.on("scene", show);
  page.on("filter", show);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

function places(count) {
  const [width, height] = SIZE;
  return Array.from({ length: count }, (_, index) => {
    const angle = (2 * Math.PI * index) / count - Math.PI / 2 - (count === 2 ? Math.PI / 2 : 0);
    return [
      width / 2 + (width / 2 - DISC - 14) * Math.cos(angle),
      height / 2 + (height / 2 - DISC - 14) * Math.sin(angle),
    ];
  });
}

function drawing(page) {
  const { cameras } = page.scene;
  const only = page.filter.camera;
  const mine = (a, b) => only === null || a === only || b === only;
  const ways = page.scene.ways.filter((way) => mine(way.from, way.to));
  const shared = page.scene.shared.filter((both) => mine(both.a, both.b));
  const label = ways.map((way) => way.count).sort((a, b) => b - a)[LABELS - 1] ?? 0;
  const at = places(cameras.length);
  const [width, height] = SIZE;
  const most = Math.max(1, ...ways.map((way) => way.count));
  const mostShared = Math.max(1, ...shared.map((both) => both.people));
  const lines = shared.map((both) => together(both, at, cameras, mostShared));
  const arrows = ways.map((way) => arrow(way, at, page, most, way.count >= label));
  const discs = cameras.map((camera, index) => disc(camera, index, at[index], page));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" }, lines, arrows, discs);
}

function together({ a, b, people, seconds }, at, cameras, most) {
  const [[x1, y1], [x2, y2]] = [at[a], at[b]];
  const about = [`${cameras[a].name} and ${cameras[b].name} at once`, `${people} people, ${duration(seconds)} in all`];
  const thick = 1 + (2.5 * people) / most;
  return svg("line", { x1, y1, x2, y2, class: "shared", "stroke-width": thick, ...tips(about) });
}

function arrow(way, at, page, most, labelled) {
  const [from, to] = [at[way.from], at[way.to]];
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const far = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [dx / far, dy / far];
  const bend = Math.min(0.16 * far, 40); // there and back side by side
  const middle = [(from[0] + to[0]) / 2 - uy * bend, (from[1] + to[1]) / 2 + ux * bend];
  const towards = (point, away) => {
    const length = Math.hypot(middle[0] - point[0], middle[1] - point[1]) || 1;
    return [0, 1].map((axis) => point[axis] + ((middle[axis] - point[axis]) * away) / length);
  };
  const [start, end] = [towards(from, DISC + 1), towards(to, DISC + 8)];
  const angle = Math.atan2(end[1] - middle[1], end[0] - middle[0]);
  const head = [0, 2.5, -2.5].map((turn) => {
    const reach = turn ? 8 : 7;
    return `${end[0] + reach * Math.cos(angle + turn)},${end[1] + reach * Math.sin(angle + turn)}`;
  });
  const names = page.scene.cameras;
  const about = [
    `${names[way.from].name} → ${names[way.to].name}: ${way.count} times`,
    `usually ${duration(way.median)}, ${duration(way.low)} to ${duration(way.high)}`,
  ];
  const label = [0, 1].map((axis) => 0.25 * (start[axis] + end[axis]) + 0.5 * middle[axis]);
  return svg(
    "g",
    { class: "way", ...tips(about), opacity: 0.2 + (0.8 * way.count) / most },
    svg("path", {
      d: `M${start} Q${middle} ${end}`,
      "stroke-width": 1.2 + (3 * way.count) / most,
      stroke: page.cameraColor(way.from),
    }),
    svg("polygon", { points: head.join(" "), fill: page.cameraColor(way.from) }),
    labelled && svg("text", { x: label[0], y: label[1] + 4 }, `${way.count} · ${duration(way.median)}`),
  );
}

function disc(camera, index, [x, y], page) {
  const chosen = page.filter.camera === index;
  const people = new Set(
    page.scene.tracks.person.filter((_, row) => page.scene.tracks.camera[row] === index),
  ).size;
  const name = page.names[index];
  const short = name.length > 8 ? `${name.slice(0, 7)}…` : name;
  return svg(
    "g",
    {
      class: `node${chosen ? " chosen" : ""}`,
      onclick: () => page.setFilter({ camera: chosen ? null : index }),
      ...tips([camera.name, `${people} people`]),
    },
    svg("circle", { cx: x, cy: y, r: DISC, fill: page.cameraColor(index) }),
    svg("text", { x, y: y - 1 }, short),
    svg("text", { x, y: y + 12, class: "small" }, String(people)),
  );
}

function tips(lines) {
  return {
    onpointermove: (event) => showTip(event, lines),
    onpointerleave: (event) => showTip(event, null),
  };
}

function table(page) {
  const only = page.filter.camera;
  const ways = page.scene.ways
    .filter((way) => only === null || way.from === only || way.to === only)
    .sort((a, b) => b.count - a.count);
  if (!ways.length) return el("p", { class: "hint" }, "Nobody was lost between two cameras.");
  const number = (text) => el("td", { class: "number" }, text);
  const rows = ways.map((way) =>
    el(
      "tr",
      {},
      el("td", {}, chip(page, way.from), " → ", chip(page, way.to)),
      number(String(way.count)),
      number(duration(way.median)),
      number(way.count < FEW ? "–" : `${duration(way.low)} – ${duration(way.high)}`),
    ),
  );
  const head = ["way", "times", "usually", "8 of 10 take"];
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, head.map((text, place) => el("th", { class: place ? "number" : null }, text)))),
    el("tbody", {}, rows),
  );
}
