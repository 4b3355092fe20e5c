// Who is selected: pictures, reasons for doubt, every track, and what can be done.

import { badge, chip, el } from "mtmc/dom.js";
import { duration } from "mtmc/page.js";
import { meter, strip } from "mtmc/gallery.js";

export function detail(element, page) {
  const show = () => {
    const person = page.people.get(page.selected);
    element.hidden = !person;
    document.body.classList.toggle("with-side", Boolean(person));
    element.replaceChildren(el("div", {}, person && contents(person, page)));
  };
  page.on("select", show);
  page.on("offers", show);
  page.on("filter", show);
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (page.selected !== null) page.select(null);
    else if (!page.served) page.go(null); // back from a moment to the whole run
  });
}

function contents(person, page) {
  const close = el("button", { class: "small close", title: "Close (Esc)", onclick: () => page.select(null) }, "×");
  const doubts = page.doubts(person);
  const left = new Set(page.rows(person.id));
  const facts = [
    ["seen", `${page.clock(person.first, 1)} – ${page.clock(person.last, 1)}`],
    ["for", duration(person.seconds)],
    ["detections", `${person.detections}, mean score ${person.score.toFixed(2)}`],
    ["looks", meter(person)],
    ["a thing", person.thing === null ? null : `${Math.round(100 * person.thing)} % likely`],
  ].filter(([, value]) => value);
  return [
    el("header", {}, badge(page, person.id), el("h2", {}, person.name || `Person ${person.id}`), close),
    doubts.length > 0 && el("div", { class: "doubts" }, doubts.map((text) => el("span", { class: "chip warn" }, text))),
    buttons(page, "person", person.id),
    strip(person.id, page),
    el("dl", {}, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    el("h3", {}, "Tracks"),
    el("ol", { class: "tracks" }, page.tracksOf.get(person.id).map((row) => track(row, page, !left.has(row)))),
  ];
}

function track(row, page, faint) {
  const { tracks } = page.scene;
  const [start, end] = [tracks.start[row], tracks.end[row]];
  const go = () => page.go(start, tracks.camera[row]);
  const like = tracks.like[row];
  return el(
    "li",
    { class: faint && "faint", data: { row } },
    el("button", { class: "track", onclick: go, title: "Go there" }, chip(page, tracks.camera[row]), ` ${page.clock(start, 1)} – ${page.clock(end, 1)}`),
    el("small", {}, `frames ${tracks.first_frame[row]}–${tracks.last_frame[row]}`),
    page.odd(row) && el("span", { class: "chip warn" }, page.unlike(row)),
    page.odd(row) && like !== null && el("button", { class: "small", onclick: () => page.select(like) }, "Show"),
    buttons(page, "track", row),
  );
}

function buttons(page, kind, value) {
  const offers = page.offersOf(kind, value);
  if (!offers.length) return null;
  return el("div", { class: "offers" }, offers.map((one) => el("button", { class: "small", onclick: () => one.run(value) }, one.label)));
}
