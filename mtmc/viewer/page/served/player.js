// All cameras on one clock: a playhead in the run's time, which every video follows.

import { Boxes } from "mtmc/served/boxes.js";
import { canvas, el, tone } from "mtmc/dom.js";
import { keys } from "mtmc/served/keys.js";
import { register } from "mtmc/panels.js";
import { Tile } from "mtmc/served/tile.js";
import { columnsOf } from "mtmc/served/wall.js";

const RATES = [0.1, 0.25, 0.5, 1, 2, 4, 8];
const TOLD = 120; // ms that other panels may be behind
const BESIDE = 180; // px for the small pictures beside a large one
const ASK = 2000; // ms between questions how far a conversion is

register({
  id: "player",
  title: "Cameras",
  order: 5,
  build: (element, page) => new Player(element, page),
});

class Player {
  constructor(element, page) {
    this.page = page;
    page.player = this;
    const { cameras, viewer, clock } = page.scene;
    this.boxes = new Boxes(viewer.boxes, () => this.redraw());
    this.tolerance = (0.5 / Math.max(...cameras.map(({ fps }) => fps))) * (1 - 1e-6);
    this.now = clock.start;
    this.rate = 1;
    this.playing = false;
    this.picked = null; // { person, track, camera, frame, box }: the box that was clicked
    this.choosing = null; // what the next click in a picture is for
    this.large = null; // index of the camera that is shown large
    this.tiles = cameras.map((_, index) => new Tile(this, index));
    this.wall = el("div", { class: "wall" }, this.tiles.map((tile) => tile.element));
    this.wall.player = this; // for who looks at the page from outside
    this.under = el("div", { class: "under" }); // for what can be done with who is picked
    element.append(this.wall, this.bar(), this.under);
    this.set(viewer.footage);
    this.arrange();
    this.listen();
    this.show();
  }

  bar() {
    const button = (text, title, run, about = {}) =>
      el("button", { title, "aria-label": title, onclick: run, ...about }, text);
    this.button = button("▶", "Play (space)", () => this.toggle(), { class: "play" });
    this.clock = el("span", { class: "now" });
    this.speed = el(
      "select",
      { "aria-label": "Speed", title: "Speed ([ and ])", onchange: () => this.setRate(Number(this.speed.value)) },
      RATES.map((rate) => el("option", { value: rate, selected: rate === 1 }, `${rate} ×`)),
    );
    this.line = el("canvas", { class: "scrub", tabindex: 0, "aria-label": "Time" });
    this.askLine = canvas(this.line, (context, width, height) => this.drawLine(context, width, height));
    this.line.addEventListener("pointerdown", (event) => this.scrub(event, true));
    this.line.addEventListener("pointermove", (event) => event.buttons & 1 && this.scrub(event));
    return el(
      "div",
      { class: "transport" },
      button("«", "Before this person was last seen (p)", () => this.appearance(-1)),
      button("◀❙", "A frame back (← or ,)", () => this.step(-1)),
      this.button,
      button("❙▶", "A frame on (→ or .)", () => this.step(1)),
      button("»", "When this person is seen next (n)", () => this.appearance(1)),
      this.speed,
      this.clock,
      this.line,
      button("?", "Keys (?)", () => keys.show()),
    );
  }

  listen() {
    const { page } = this;
    page.on("time", (time) => this.told || this.go(time));
    page.on("camera", (index) => {
      if (this.large !== null) this.enlarge(index, true);
      this.wall.scrollIntoView({ block: "nearest" });
      this.tiles[index].element.classList.remove("flash");
      void this.tiles[index].element.offsetWidth; // so that it flashes again
      this.tiles[index].element.classList.add("flash");
    });
    page.on("select", (id) => {
      if (this.picked && this.picked.person !== id) this.picked = null;
      this.redraw();
      this.askLine();
    });
    page.on("scene", () => {
      this.redraw();
      this.askLine();
    });
    keys.add("Space", "play, pause", () => this.toggle());
    keys.add("ArrowLeft ,", "a frame back (with shift: a second)", (event) => this.step(-1, event.shiftKey));
    keys.add("ArrowRight .", "a frame on (with shift: a second)", (event) => this.step(1, event.shiftKey));
    keys.add("Home", "to the beginning", () => this.go(page.scene.clock.start));
    keys.add("End", "to the end", () => this.go(page.scene.clock.end));
    keys.add("[", "slower", () => this.faster(-1));
    keys.add("]", "faster", () => this.faster(1));
    keys.add("p", "the selected person's track before", () => this.appearance(-1));
    keys.add("n", "the selected person's next track", () => this.appearance(1));
    keys.add("1 2 3 4 5 6 7 8 9", "a camera large", (event) => {
      if (this.tiles[event.key - 1]) this.enlarge(event.key - 1);
    });
    keys.add("0", "all cameras", () => this.enlarge(null));
    new ResizeObserver(() => this.arrange()).observe(this.wall.parentElement);
  }

  // What the server says of the videos; while some are converted, it is asked again.
  set(footage) {
    for (const tile of this.tiles) tile.set(footage[tile.camera.name]);
    const waits = Object.values(footage).some(({ state }) => state === "waits" || state === "converts");
    if (waits)
      setTimeout(async () => {
        const answer = await fetch("./footage.json").catch(() => null);
        this.set(answer?.ok ? await answer.json() : footage);
      }, ASK);
  }

  // As many columns as make the pictures largest.
  arrange() {
    const width = this.wall.parentElement.clientWidth, height = Math.max(innerHeight * 0.66, 240);
    const large = this.large !== null;
    const shape = Math.max(...this.tiles.map((tile) => tile.shape));
    this.wall.classList.toggle("one", large);
    this.wall.style.gridTemplateColumns = large ? "" : columnsOf(this.tiles.length, shape, width, height);
    this.tiles.forEach((tile, index) => {
      const mine = index === this.large;
      tile.element.classList.toggle("large", mine);
      const wide = Math.min(height * tile.shape, width - BESIDE);
      tile.element.style.width = mine ? `${Math.floor(wide)}px` : "";
      tile.element.style.gridRow = mine ? `1 / span ${this.tiles.length}` : "";
    });
  }

  enlarge(index, stay = false) {
    this.large = index === this.large && !stay ? null : index;
    this.arrange();
    this.redraw();
  }

  // The camera whose frames are stepped through.
  get leader() {
    if (this.large !== null) return this.tiles[this.large];
    if (this.picked) return this.tiles[this.picked.camera];
    return this.tiles.reduce((a, b) => (b.times.period < a.times.period ? b : a));
  }

  go(time) {
    const { start, end } = this.limits;
    const ahead = Math.sign(time - this.now) * this.boxes.seconds;
    this.now = Math.min(Math.max(time, start), end);
    this.from = { time: this.now, at: performance.now() };
    this.show();
    this.boxes.ready(this.now + ahead);
  }

  // From the first frame of any camera to the last.
  get limits() {
    return {
      start: Math.min(...this.tiles.map(({ times }) => times.first)),
      end: Math.max(...this.tiles.map(({ times }) => times.last)),
    };
  }

  show() {
    for (const tile of this.tiles) tile.show(this.now, this.playing);
    this.tell();
  }

  redraw() {
    for (const tile of this.tiles) tile.draw();
  }

  // Tell other panels, not too often.
  tell() {
    const frame = this.leader.frameAt(this.now)[0];
    this.clock.textContent = `${this.page.clock(this.now, 2)}  ·  frame ${frame}`;
    this.askLine();
    this.telling ??= setTimeout(() => {
      this.telling = null;
      this.told = true;
      this.page.go(this.now);
      this.told = false;
    }, TOLD);
  }

  toggle() {
    this.playing = !this.playing;
    if (this.playing && this.now >= this.limits.end - 1e-3) this.now = this.limits.start;
    this.from = { time: this.now, at: performance.now() };
    this.button.textContent = this.playing ? "❚❚" : "▶";
    if (this.playing) requestAnimationFrame(() => this.tick());
    else this.stop();
  }

  // Paused, the playhead stands on a frame.
  stop() {
    const { times } = this.leader;
    const frame = times.frameAt(this.now + this.tolerance);
    this.go(frame ? times.timeOf(frame) : this.now);
  }

  tick() {
    if (!this.playing) return;
    this.now = this.from.time + ((performance.now() - this.from.at) / 1000) * this.rate;
    this.boxes.ready(this.now + this.boxes.seconds / 3);
    if (this.now >= this.limits.end) {
      this.now = this.limits.end;
      this.toggle();
    } else this.show();
    requestAnimationFrame(() => this.tick());
  }

  setRate(rate) {
    this.rate = rate;
    this.speed.value = rate;
    this.from = { time: this.now, at: performance.now() };
  }

  faster(by) {
    const place = RATES.indexOf(this.rate) + by;
    if (RATES[place]) this.setRate(RATES[place]);
  }

  step(by, second = false) {
    if (this.playing) this.toggle();
    const { times } = this.leader;
    if (second) return this.go(this.now + by);
    const frame = Math.min(Math.max(times.frameAt(this.now + this.tolerance) + by, 1), times.count);
    this.go(times.timeOf(frame));
  }

  // To where a track of the selected person begins.
  appearance(by) {
    const { page } = this;
    if (page.selected === null) return;
    const { start, camera } = page.scene.tracks;
    const rows = [...(page.tracksOf.get(page.selected) ?? [])].sort((a, b) => start[a] - start[b]);
    const later = (row) => by * (start[row] - this.now) > 2 * this.tolerance;
    const row = by > 0 ? rows.find(later) : rows.findLast(later);
    if (row !== undefined) page.go(start[row], camera[row]);
  }

  // Somebody was clicked, or nobody.
  pick(one) {
    if (this.choosing) return this.choosing(one);
    this.picked = one;
    this.page.select(one ? one.person : null);
    this.page.emit("pick", one);
  }

  scrub(event, first = false) {
    if (first) {
      this.line.setPointerCapture(event.pointerId);
      if (this.playing) this.toggle();
    }
    const { start, end } = this.limits;
    const share = Math.min(Math.max(event.offsetX / this.line.clientWidth, 0), 1);
    const { times } = this.leader;
    const frame = times.frameAt(start + share * (end - start));
    this.go(frame ? times.timeOf(frame) : start);
  }

  // How many people were there, when the selected one was, and the playhead.
  drawLine(context, width, height) {
    const { start, end } = this.limits;
    const { scene, selected } = this.page;
    const x = (time) => ((time - start) / Math.max(end - start, 1e-6)) * width;
    const { step, people } = scene.present;
    const most = Math.max(1, ...people);
    context.fillStyle = tone("line");
    people.forEach((count, place) => {
      const left = x(scene.clock.start + place * step);
      const high = (count / most) * (height - 8);
      context.fillRect(left, height - 4 - high, Math.max((step / (end - start)) * width, 0.6), high);
    });
    const { tracks } = scene;
    for (const row of this.page.tracksOf.get(selected) ?? []) {
      context.fillStyle = this.page.cameraColor(tracks.camera[row]);
      const left = x(tracks.start[row]);
      context.fillRect(left, height - 8, Math.max(x(tracks.end[row]) - left, 2), 8);
    }
    context.fillStyle = tone("accent");
    context.fillRect(x(this.now) - 1, 0, 2, height);
  }
}
