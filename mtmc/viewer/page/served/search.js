// Who looks like somebody: of a person, a track or a picture of one's own.

import { badge, chip, el } from "mtmc/dom.js";
import { keys } from "mtmc/served/keys.js";
import { register } from "mtmc/panels.js";
import { ask } from "mtmc/served/ask.js";

register({
  id: "search",
  title: "Search",
  order: 8,
  wanted: (page) => page.scene.run.reid !== "none",
  build: (element, page) => new Search(element, page),
});

class Search {
  constructor(element, page) {
    this.page = page;
    this.section = element.closest("section");
    const file = el("input", {
      type: "file",
      accept: "image/*",
      hidden: true,
      onchange: () => file.files[0] && this.picture(file.files[0]),
    });
    const drop = el(
      "div",
      { class: "drop" },
      el("button", { onclick: () => file.click() }, "Picture of a person …"),
      el("span", {}, "or drop one here; or select somebody and choose “Find similar”"),
      file,
    );
    for (const name of ["dragover", "drop"])
      element.addEventListener(name, (event) => {
        event.preventDefault();
        const dropped = name === "drop" && event.dataTransfer.files[0];
        if (dropped) this.picture(dropped);
      });
    this.answer = el("div", { class: "answer" });
    element.append(drop, this.answer);
    page.offer({ of: "person", label: "Find similar", run: (id) => this.person(id) });
    page.offer({ of: "track", label: "Find similar", run: (row) => this.track(row) });
    page.on("filter", () => this.again?.());
    page.on("similar", (id) => this.person(id));
    keys.add("f", "who looks like the selected person?", () => page.selected !== null && this.person(page.selected));
  }

  person(id) {
    this.run(`?person=${id}&`, {}, [badge(this.page, id), ` ${this.page.called(id)}`], id);
  }

  track(row) {
    const { tracks, cameras } = this.page.scene;
    const name = cameras[tracks.camera[row]].name;
    const what = [`track ${tracks.track[row]} of `, chip(this.page, tracks.camera[row])];
    const query = `?camera=${encodeURIComponent(name)}&track=${tracks.track[row]}&`;
    this.run(query, {}, what, tracks.person[row]);
  }

  picture(file) {
    const shown = el("img", { class: "asked", alt: "the picture that is searched for" });
    shown.src = URL.createObjectURL(file);
    shown.onload = () => URL.revokeObjectURL(shown.src);
    this.run("?", { method: "POST", body: file }, [shown, " this picture"], null);
  }

  async run(query, how, what, own) {
    this.again = () => this.run(query, how, what, own);
    const { camera, from, to } = this.page.filter;
    const name = camera === null ? "" : this.page.scene.cameras[camera].name;
    const filter = new URLSearchParams({ in: name, from: from ?? "", to: to ?? "" });
    this.answer.replaceChildren(el("p", { class: "waiting" }, "Searching …"));
    if (this.section.getBoundingClientRect().top > innerHeight - 200)
      this.section.scrollIntoView({ block: "start", behavior: "smooth" });
    const answer = await ask(`./search${query}${filter}`, how);
    if (answer.error) return this.answer.replaceChildren(el("p", { class: "wrong" }, answer.error));
    const people = answer.people.filter(({ person }) => this.page.people.has(person));
    const done = el("button", { class: "small", onclick: () => this.clear() }, "Clear");
    return this.answer.replaceChildren(
      el("p", { class: "count" }, "Most like ", what, ", by looks alone ", done),
      people.length
        ? el("ol", { class: "found" }, people.map((one) => this.one(one, own)))
        : el("p", {}, "Nobody else, with this filter."),
    );
  }

  clear() {
    this.again = null;
    this.answer.replaceChildren();
  }

  one(found, own) {
    const { page } = this;
    const { person, probability, together, tracks } = found;
    const why = person === own ? "the same person" : together ? "seen beside them" : null;
    return el(
      "li",
      { class: together && person !== own ? "apart" : "", data: { person } },
      el("div", { class: "who", onclick: () => page.select(person) }, badge(page, person), el("strong", {}, page.called(person))),
      el("div", { class: "chance", title: "probability of being the same, by looks alone" }, meter(probability), `${Math.round(100 * probability)} %`),
      why && el("span", { class: "chip" }, why),
      el("div", { class: "moments" }, tracks.map((track) => this.moment(track))),
    );
  }

  moment({ camera, track, start, probability }) {
    const { page } = this;
    const index = page.scene.cameras.findIndex(({ name }) => name === camera);
    const go = () => page.go(start, index);
    const address = `./crop/${encodeURIComponent(camera)}/${track}/best`;
    const picture = el("img", { src: address, alt: "", loading: "lazy" });
    picture.addEventListener("error", () => picture.remove(), { once: true });
    return el(
      "button",
      { class: "moment", onclick: go, title: `Go to ${page.clock(start, 1)} in ${camera}: ${Math.round(100 * probability)} %` },
      picture,
      chip(page, index),
      el("time", {}, page.clock(start, 1)),
    );
  }
}

export function meter(share) {
  const bar = el("span", { style: { width: `${Math.round(100 * share)}%` } });
  return el("span", { class: "meter", "aria-hidden": "true" }, bar);
}
