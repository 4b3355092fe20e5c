// Corrections: who is who, said by somebody who looks at the pictures.

import { ask, send } from "mtmc/served/ask.js";
import { badge, chip, el } from "mtmc/dom.js";
import { keys } from "mtmc/served/keys.js";
import { register } from "mtmc/panels.js";
import { meter } from "mtmc/served/search.js";

register({
  id: "corrections",
  title: "Corrections",
  order: 6,
  build: (element, page) => new Corrections(element, page),
});

class Corrections {
  constructor(element, page) {
    this.page = page;
    this.player = page.player;
    this.list = el("ol", { class: "said" });
    this.status = el("p", { class: "count" });
    this.effect = el("div", { class: "effect" });
    this.tools = el("div", { class: "tools" });
    element.append(this.status, this.list, this.effect);
    this.player.under.append(this.tools);
    this.candidates = el("div", { class: "candidates", hidden: true });
    this.player.under.append(this.candidates);
    page.on("select", () => this.show());
    page.on("pick", () => this.show());
    page.offer({ of: "person", label: "Merge with …", run: (id) => (page.select(id), this.merge()) });
    page.offer({ of: "person", label: "Name …", run: (id) => (page.select(id), this.name()) });
    page.offer({ of: "person", label: "Not a person", run: (id) => (page.select(id), this.nobody()) });
    page.offer({ of: "track", label: "Move to …", run: (row) => this.moveRow(row) });
    keys.add("m", "merge the selected person with …", () => this.merge());
    keys.add("s", "split: from this frame on, somebody else", () => this.split());
    keys.add("e", "exchange: from this frame on, two tracks of one camera are each other's", () => this.exchange());
    keys.add("v", "move this track to another person", () => this.move());
    keys.add("x", "not a person", () => this.nobody());
    keys.add("r", "name the selected person", () => this.name());
    keys.add("u", "undo", () => this.undo());
    keys.add("Escape", "leave off; select nobody", (event) => {
      if (!this.candidates.hidden) event.stopImmediatePropagation(); // first the one, then the other
      this.leave();
      this.show();
    });
    this.load();
  }

  async load() {
    this.take(await ask("./corrections"));
  }

  // The state of all corrections, as the server has it.
  take(state) {
    if (state.error) return this.say(state.error, true);
    this.state = state;
    const { page } = this;
    this.player.boxes.correct(state.pieces);
    const count = state.entries.length;
    this.status.replaceChildren(
      count ? `${count} ${count === 1 ? "correction" : "corrections"}, kept in ${state.path}. ` : "Nothing was corrected yet. ",
      el("button", { class: "small", disabled: !count, onclick: () => this.undo() }, "Undo (u)"),
      " ",
      el("button", { class: "small", disabled: !state.undone, onclick: () => this.redo() }, "Redo"),
      " ",
      el("button", { class: "small", disabled: !count, onclick: () => this.preview() }, "What would a run make of them?"),
      " ",
      el("button", { class: "small", disabled: !count, onclick: () => this.apply() }, "Apply"),
    );
    const latest = state.entries.slice(-8).reverse();
    this.list.replaceChildren(
      ...state.said.map((text) => el("li", { class: "wrong" }, text)),
      ...latest.map(({ line, text }) => el("li", { data: { line } }, text)),
      ...(count > latest.length ? [el("li", { class: "more" }, `and ${count - latest.length} before`)] : []),
    );
    this.show();
    if (state.scene) page.replace({ ...state.scene, viewer: page.scene.viewer });
  }

  async do(what) {
    this.leave();
    const state = await send("./corrections", what);
    if (state.error) return this.say(state.error, true);
    this.take(state);
    this.say(state.done);
    if (state.selected !== null) this.page.select(state.selected);
    return true;
  }

  async undo() {
    if (!this.state?.entries.length) return;
    const state = await send("./corrections/undo");
    this.take(state);
    if (!state.error) this.say(`undone: ${state.done}`);
  }

  async redo() {
    const state = await send("./corrections/redo");
    this.take(state);
    if (!state.error) this.say(state.done);
  }

  async preview() {
    this.effect.replaceChildren(el("p", { class: "waiting" }, "Associating anew, with the corrections …"));
    const { error, text } = await send("./corrections/preview");
    this.effect.replaceChildren(el("p", { class: error ? "wrong" : "" }, error ?? text));
  }

  async apply() {
    this.effect.replaceChildren(el("p", { class: "waiting" }, "Writing the results anew, with the corrections …"));
    const state = await send("./corrections/apply");
    this.effect.replaceChildren(el("p", { class: state.error ? "wrong" : "" }, state.error ?? state.done));
    if (state.error) return;
    this.player.boxes.renew(state.boxes);
    this.take(state);
  }

  say(text, wrong = false) {
    this.message = el("span", { class: wrong ? "wrong" : "done" }, text);
    this.show();
  }

  // What can be done with who is selected.
  show() {
    const { page, player } = this;
    const id = page.selected, picked = player.picked;
    const button = (label, title, run) => el("button", { class: "small", title, onclick: run }, label);
    const here = picked && picked.person === id;
    const track = here ? `in ${page.scene.cameras[picked.camera].name}, track ${picked.track}` : "";
    this.tools.replaceChildren(
      ...(id === null || !page.people.has(id)
        ? [el("span", { class: "hint" }, "Click somebody to select them; double-click makes a camera large. Keys: ?")]
        : [
            badge(page, id),
            el("strong", {}, page.called(id)),
            el("span", { class: "hint" }, track),
            button("Merge …", "The same person as … (m)", () => this.merge()),
            here && button("Split here", "From this frame on, this track is somebody else (s)", () => this.split()),
            here && button("Exchange …", "From this frame on, this track and another one are each other's (e)", () => this.exchange()),
            here && button("Move track …", "This track is another person's (v)", () => this.move()),
            here && button("Track is nobody", "This track shows no person", () => this.nobody(true)),
            button("Not a person", "All of it is a thing, a shadow, a picture (x)", () => this.nobody()),
            button("Name …", "(r)", () => this.name()),
            button("Similar", "Who looks like this? (f)", () => this.similar(id)),
          ].filter(Boolean)),
      ...(this.state?.entries.length ? [button("Undo", "(u)", () => this.undo())] : []),
      ...(this.message ? [this.message] : []),
    );
  }

  similar(id) {
    this.page.emit("similar", id);
  }

  leave() {
    this.player.choosing = null;
    this.player.wall.classList.remove("choosing");
    this.candidates.hidden = true;
    this.message = null;
  }

  merge() {
    const id = this.page.selected;
    if (id === null) return;
    this.choose(id, `Who is the same person as ${this.page.called(id)}?`, (to) => this.do({ do: "merge", a: id, b: to }));
  }

  split() {
    const { picked } = this.player;
    if (!picked) return this.say("click the track first, in the frame from which on it is somebody else", true);
    // The frame that is shown now, which may be another one than that of the click.
    const frame = this.player.tiles[picked.camera].frame;
    return this.do({ do: "split", camera: picked.camera, frame, person: picked.person });
  }

  exchange() {
    const { picked } = this.player;
    if (!picked) return this.say("click one of the two tracks first, in the frame from which on they are each other's", true);
    const { camera, person } = picked, { frame, drawn } = this.player.tiles[camera];
    const { name } = this.page.scene.cameras[camera];
    const what = `With whom does ${this.page.called(person)} change places in ${name} from this frame on?`;
    const beside = new Set(drawn.map((one) => one.person).filter((other) => other > 0 && other !== person));
    const offers = [...beside].map((other) => ({ person: other, probability: null, gap: null, camera: name }));
    return this.choose(person, what, (other) => this.do({ do: "exchange", camera, frame, person, other }), null, offers);
  }

  move() {
    const { picked } = this.player;
    if (!picked) return this.say("click the track first", true);
    return this.moveTo(picked.person, picked.camera, picked.frame);
  }

  moveRow(row) {
    const { tracks } = this.page.scene;
    return this.moveTo(tracks.person[row], tracks.camera[row], tracks.first_frame[row]);
  }

  moveTo(person, camera, frame) {
    const name = this.page.scene.cameras[camera].name;
    const what = `Whose is this track in ${name}, if not ${this.page.called(person)}'s?`;
    const to = (other) => this.do({ do: "move", camera, frame, person, to: other });
    this.choose(person, what, to, el("button", { onclick: () => to(null) }, "Somebody new"));
  }

  nobody(only = false) {
    const id = this.page.selected, { picked } = this.player;
    if (id === null) return;
    const where = only && picked ? { camera: picked.camera, frame: picked.frame } : {};
    this.do({ do: "not a person", person: id, ...where });
  }

  name() {
    const id = this.page.selected;
    if (id === null) return;
    const input = el("input", { "aria-label": "Name", maxlength: 100, placeholder: `Name of person ${id}` });
    input.value = this.page.people.get(id)?.name ?? "";
    const done = (event) => {
      event?.preventDefault();
      this.do({ do: "name", person: id, name: input.value });
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") done(event);
      if (event.key === "Escape") this.leave();
    });
    this.open(`What is person ${id} called?`, [input, el("button", { onclick: done }, "Name")]);
    input.focus();
  }

  open(what, ...contents) {
    const close = el("button", { class: "small close", title: "(Esc)", onclick: () => this.leave() }, "×");
    this.candidates.replaceChildren(el("p", {}, what, close), ...contents.flat());
    this.candidates.hidden = false;
    this.candidates.scrollIntoView({ block: "nearest" });
  }

  // Have a person chosen: of those offered, or anybody in the pictures, by number or in the gallery.
  // offers: as the server makes them; null for those who may be the same person.
  async choose(id, what, then, more = null, offers = null) {
    const { page, player } = this;
    const chosen = (to) => {
      this.leave();
      if (to !== null && to !== id) then(to);
    };
    player.choosing = (one) => one && chosen(one.person);
    player.wall.classList.add("choosing");
    const number = el("input", { size: 6, placeholder: "or number", "aria-label": "Number of a person" });
    number.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.leave();
      if (event.key !== "Enter") return;
      const to = Number(number.value);
      if (page.people.has(to)) chosen(to);
      else number.classList.add("wrong");
    });
    const offered = el("div", { class: "offered" }, el("span", { class: "hint" }, "…"));
    this.open(what, el("span", { class: "hint" }, "Click them in a picture, or one of these: "), number, more ?? [], offered);
    const answer = offers ? { candidates: offers } : await ask(`./candidates?person=${id}&time=${player.now}`);
    if (answer.error) return offered.replaceChildren(el("span", { class: "wrong" }, answer.error));
    const people = answer.candidates.filter(({ person }) => page.people.has(person));
    const why = offers ? "Nobody else is in this picture." : "Everybody else is seen somewhere else at the same time.";
    const nobody = el("span", { class: "hint" }, why);
    offered.replaceChildren(...(people.length ? people.map((one) => this.offered(one, chosen)) : [nobody]));
    return this.candidates.scrollIntoView({ block: "nearest" });
  }

  offered({ person, probability, gap, camera }, chosen) {
    const { page } = this;
    const row = (page.cropsOf.get(person) ?? [])[0];
    const picture = row === undefined ? el("div", { class: "nothing" }) : el("img", { src: page.picture(row), alt: "", loading: "lazy" });
    const index = page.scene.cameras.findIndex(({ name }) => name === camera);
    const chance = probability === null ? [] : [meter(probability), `${Math.round(100 * probability)} %`];
    return el(
      "button",
      { class: "candidate", onclick: () => chosen(person), title: page.called(person), data: { person } },
      picture,
      el("span", { class: "who" }, badge(page, person), page.people.get(person)?.name ?? ""),
      el("span", { class: "chance" }, chance),
      el("span", { class: "hint" }, gapText(gap), " ", index >= 0 ? chip(page, index) : null),
    );
  }
}

function gapText(gap) {
  if (gap === null) return "";
  return gap > 0 ? `${gap.toFixed(1)} s apart` : "at the same time";
}

