// Everybody with a few pictures from different cameras, the most doubtful first.

import { badge, chip, el } from "mtmc/dom.js";
import { duration } from "mtmc/page.js";
import { register } from "mtmc/panels.js";

const CHUNK = 48; // cards that are made at once

register({ id: "people", title: "People", order: 30, build });

function build(element, page) {
  const { scene } = page;
  const count = el("p", { class: "count" });
  const grid = el("div", { class: "gallery" });
  const more = el("div", { class: "more" });
  let waiting = [];
  const cards = new Map();
  const some = () => {
    for (const person of waiting.splice(0, CHUNK)) {
      const card = cardOf(person, page);
      cards.set(person.id, card);
      grid.append(card);
    }
    more.hidden = waiting.length === 0;
  };
  const show = () => {
    waiting = page.shown();
    const all = scene.people.length;
    const some_ = waiting.length === all ? `${all}` : `${waiting.length} of ${all}`;
    count.textContent = all ? `${some_}, the most doubtful first` : "Nobody was seen in this run.";
    grid.replaceChildren();
    cards.clear();
    some();
    mark(page.selected);
  };
  let marked = null;
  const mark = (id) => {
    marked?.classList.remove("chosen");
    marked = cards.get(id) ?? null;
    marked?.classList.add("chosen");
  };
  new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && some(), {
    rootMargin: "600px",
  }).observe(more);
  element.append(count, grid, more);
  page.on("filter", show);
  page.on("scene", show);
  page.on("offers", show);
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
    el("footer", {}, el("span", {}, `seen for ${duration(person.seconds)}`), camerasOf(person, page)),
  );
}

// Their pictures; those of other cameras and times than the filter's are faint.
export function strip(id, page) {
  const rows = page.cropsOf.get(id) ?? [];
  if (!rows.length) return el("div", { class: "crops none" }, "no pictures");
  const left = new Set(page.rows(id));
  return el("div", { class: "crops" }, rows.map((row) => crop(row, page, !left.has(page.scene.crops.row[row]))));
}

function crop(row, page, faint) {
  const { crops, cameras, tracks } = page.scene;
  const name = cameras[crops.camera[row]].name;
  const time = page.clock(crops.time[row], 1);
  const address = page.picture(row);
  const picture = address
    ? el("img", { src: address, alt: `${page.called(crops.person[row])} in ${name} at ${time}`, loading: "lazy", decoding: "async" })
    : el("div", { class: "nothing" });
  const fit = tracks.fit[crops.row[row]];
  const go = () => page.go(crops.time[row], crops.camera[row]);
  return el(
    "figure",
    { class: `crop${faint ? " faint" : ""}${fit !== null && fit < 0.5 ? " odd" : ""}`, onclick: go, title: `${name}, ${time}` },
    picture,
    el("figcaption", {}, chip(page, crops.camera[row]), el("time", {}, time)),
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
