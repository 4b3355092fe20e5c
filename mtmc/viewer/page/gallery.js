// Everybody with a few pictures from different cameras, the most doubtful first.

import { badge, chip, el } from "mtmc/dom.js";
import { duration } from "mtmc/page.js";
import { register } from "mtmc/panels.js";

const FEW = 12; // cards until more are asked for
const CHUNK = 48; // cards that are made at once

register({ id: "people", title: "People", order: 30, build });

function build(element, page) {
  const count = el("p", { class: "count" });
  const grid = el("div", { class: "gallery" });
  const end = el("div", { class: "more" });
  const all = el("button", { onclick: () => ((whole = true), some()) });
  const cards = new Map();
  let waiting = [], whole = false, marked = null;
  const add = (most) => {
    for (const person of waiting.splice(0, most)) {
      const card = cardOf(person, page);
      cards.set(person.id, card);
      grid.append(card);
    }
  };
  const some = () => {
    add(whole ? CHUNK : FEW - cards.size);
    all.hidden = whole || !waiting.length;
    all.textContent = `Show all ${cards.size + waiting.length}`;
    end.hidden = !whole || !waiting.length;
  };
  const show = () => {
    waiting = page.shown();
    const total = page.scene.people.length;
    const shown = waiting.length === total ? `${total}` : `${waiting.length} of ${total}`;
    count.textContent = total ? `${shown}, the most doubtful first` : "Nobody was seen in this run.";
    grid.replaceChildren();
    cards.clear();
    some();
    mark(page.selected);
  };
  const mark = (id) => {
    marked?.classList.remove("chosen");
    marked = cards.get(id) ?? null;
    marked?.classList.add("chosen");
  };
  new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && some(), {
    rootMargin: "600px",
  }).observe(end);
  element.append(count, grid, all, end);
  page.on("filter", show);
  page.on("scene", show);
  page.on("select", mark);
  show();
}

function cardOf(person, page) {
  const doubts = page.doubts(person);
  const choose = (event) => {
    if (!event.target.closest("button.small")) page.select(person.id);
  };
  const key = (event) => event.key === "Enter" && event.target === event.currentTarget && page.select(person.id);
  return el(
    "article",
    { class: "card", tabindex: 0, onclick: choose, onkeydown: key, data: { person: person.id } },
    el(
      "header",
      {},
      badge(page, person.id),
      el("strong", {}, person.name || `Person ${person.id}`),
      person.class !== "person" && el("span", { class: "chip" }, person.class),
      el("span", { class: "when" }, `${page.clock(person.first)} – ${page.clock(person.last)}`),
    ),
    doubts.length ? el("div", { class: "doubts" }, doubts.map((text) => el("span", { class: "chip warn" }, text))) : null,
    strip(person.id, page),
    el("footer", {}, el("span", {}, `seen for ${duration(person.seconds)}`), meter(person), camerasOf(person, page)),
  );
}

// How much of a person's tracks looks like one person.
export function meter(person) {
  if (person.fit === null) return null;
  const share = Math.round(100 * person.fit);
  const title = "How much of it looks like one person, by looks alone: times and places are not asked";
  return el("span", { class: "meter", title }, el("i", {}, el("b", { style: { width: `${share}%` } })), `${share} % alike`);
}

// Their pictures; those of other cameras and times than the filter's are faint.
export function strip(id, page) {
  const rows = page.cropsOf.get(id) ?? [];
  if (!rows.length) return el("div", { class: "crops none" }, "no pictures");
  const left = new Set(page.rows(id));
  return el("div", { class: "crops" }, rows.map((row) => crop(row, page, !left.has(page.scene.crops.row[row]))));
}

function crop(row, page, faint) {
  const { crops, cameras } = page.scene;
  const name = cameras[crops.camera[row]].name;
  const time = page.clock(crops.time[row], 1);
  const address = page.picture(row);
  const picture = address
    ? el("img", { src: address, alt: `${page.called(crops.person[row])} in ${name} at ${time}`, loading: "lazy", decoding: "async" })
    : el("div", { class: "nothing" });
  const odd = page.odd(crops.row[row]);
  const go = () => page.go(crops.time[row], crops.camera[row]);
  return el(
    "figure",
    { class: `crop${faint ? " faint" : ""}${odd ? " odd" : ""}`, onclick: go, title: `${name}, ${time}${odd ? `: ${page.unlike(crops.row[row])}` : ""}` },
    picture,
    el("figcaption", {}, chip(page, crops.camera[row], true), el("time", {}, time)),
  );
}

function camerasOf(person, page) {
  const { tracks } = page.scene;
  const seen = new Set((page.tracksOf.get(person.id) ?? []).map((row) => tracks.camera[row]));
  const shown = [...seen].sort((a, b) => a - b);
  const chips = shown.slice(0, 5).map((index) => chip(page, index));
  const rest = shown.length - chips.length;
  return el("span", { class: "legend" }, chips, rest > 0 ? `+${rest}` : null);
}
