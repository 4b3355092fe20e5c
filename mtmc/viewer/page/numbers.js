// How many people there were: in all, in each camera, and over the time.

import { canvas, chip, el, showTip, tone } from "mtmc/dom.js";
import { duration } from "mtmc/page.js";
import { register } from "mtmc/panels.js";

const DOUBTS = {
  brief: "seen for less than 2 s",
  still: "never moving",
};

register({ id: "numbers", title: "Numbers", order: 10, build });

function build(element, page) {
  element.append(
    el("div", { class: "numbers" }, el("div", { class: "tiles" }, tiles(page)), chart(page)),
    cameras(page),
  );
}

function tiles(page) {
  const { counts, clock, cameras, run } = page.scene;
  const doubtful = Object.keys(DOUBTS).filter((key) => counts[key]);
  const total = doubtful.reduce((sum, key) => sum + counts[key], 0);
  const reasons = doubtful.map((key) => `${counts[key]} ${DOUBTS[key]}`).join(", ");
  const odd = page.scene.people.filter((person) => !person.doubt && page.doubtful(person)).length;
  const check = () => page.setFilter({ doubtful: true });
  const kind = run.classes?.some((name) => name !== "person") ? "tracked" : "people";
  return [
    tile(counts.sure ?? 0, total ? `${kind}, sure` : kind),
    total ? tile(total, "in doubt", reasons, check) : null,
    odd ? tile(odd, "to check", "a track looks like somebody else", check) : null,
    counts.things ? tile(counts.things, "things left out", "furniture and the like") : null,
    tile(cameras.length, cameras.length === 1 ? "camera" : "cameras"),
    tile(duration(Math.max(0, clock.end - clock.start)), "from first to last", spanOf(page)),
  ];
}

function spanOf(page) {
  const { start, end } = page.scene.clock;
  return `${page.clock(start)} – ${page.clock(end)}`;
}

function tile(number, what, more = null, onclick = null) {
  const content = [el("b", {}, String(number)), el("span", {}, what), more && el("small", {}, more)];
  return onclick
    ? el("button", { class: "tile", onclick, title: "Show them" }, content)
    : el("div", { class: "tile" }, content);
}

function chart(page) {
  const { clock } = page.scene;
  const figure = el("canvas", { role: "img", "aria-label": "People seen at once, over the time" });
  const place = { left: 26, right: 8, top: 8, bottom: 18 };
  let span = 1;
  const ask = canvas(figure, (context, width, height) => {
    const { step, people } = page.scene.present;
    const most = Math.max(1, ...people);
    span = Math.max(step * people.length, 1e-3);
    const wide = width - place.left - place.right, high = height - place.top - place.bottom;
    const x = (index) => place.left + (wide * index * step) / span;
    const y = (count) => place.top + high * (1 - count / most);
    context.fillStyle = tone("area");
    context.beginPath();
    context.moveTo(place.left, y(0));
    people.forEach((count, index) => {
      context.lineTo(x(index), y(count));
      context.lineTo(x(index + 1), y(count));
    });
    context.lineTo(x(people.length), y(0));
    context.fill();
    context.fillStyle = tone("soft");
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "right";
    for (const count of most > 1 ? [0, most] : [0, 1]) context.fillText(count, place.left - 5, y(count) + 4);
    context.textAlign = "left";
    context.fillText(page.clock(clock.start), place.left, height - 4);
    context.textAlign = "right";
    context.fillText(page.clock(clock.end), width - place.right, height - 4);
  }, (context, width, height) => {
    if (page.now === null) return;
    const wide = width - place.left - place.right;
    context.fillStyle = tone("accent");
    context.fillRect(place.left + (wide * (page.now - clock.start)) / span, place.top, 1.5, height - place.top - place.bottom);
  });
  const timeAt = (event) =>
    clock.start +
    (span * (event.offsetX - place.left)) / (figure.clientWidth - place.left - place.right);
  figure.addEventListener("pointermove", (event) => {
    const { step, people } = page.scene.present;
    const count = people[Math.floor((timeAt(event) - clock.start) / step)];
    const lines = [`${count} at ${page.clock(timeAt(event), 1)}`];
    showTip(event, count === undefined ? null : lines);
  });
  figure.addEventListener("pointerleave", (event) => showTip(event, null));
  figure.addEventListener("click", (event) => page.go(timeAt(event)));
  page.on("time", ask.over);
  page.on("scene", ask);
  return el("figure", { class: "present" }, figure, el("figcaption", {}, "people seen at once"));
}

function cameras(page) {
  const { scene } = page;
  const cell = (text, number = false) => el("td", { class: number ? "number" : null }, text);
  const head = ["camera", "people", "tracks", "seen for", "frames", "frames/s", "size", "began"];
  const rows = scene.cameras.map((camera, index) => {
    const mine = scene.tracks.camera.map((value, row) => [value, row]).filter(([value]) => value === index);
    const people = new Set(mine.map(([, row]) => scene.tracks.person[row]));
    const seconds = mine.reduce((sum, [, row]) => sum + scene.tracks.end[row] - scene.tracks.start[row], 0);
    const only = () => page.setFilter({ camera: page.filter.camera === index ? null : index });
    return el(
      "tr",
      { onclick: only, title: "Show only this camera", data: { camera: index } },
      el("td", {}, chip(page, index)),
      cell(String(people.size), true),
      cell(String(mine.length), true),
      cell(duration(seconds), true),
      cell(String(camera.frames), true),
      cell(String(Math.round(camera.fps * 100) / 100), true),
      cell(camera.size.join(" × "), true),
      cell(camera.first === null ? "–" : page.clock(camera.first, 1), true),
    );
  });
  const table = el(
    "table",
    { class: "cameras" },
    el("thead", {}, el("tr", {}, head.map((text, place) => el("th", { class: place ? "number" : null }, text)))),
    el("tbody", {}, rows),
  );
  page.on("filter", () => {
    for (const row of rows) row.classList.toggle("chosen", Number(row.dataset.camera) === page.filter.camera);
  });
  return el("div", { class: "scroll" }, table);
}
