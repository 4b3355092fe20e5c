// A run that goes on: what its cameras see now, who that is, and what was thought better of.

import { badge, chip, el } from "mtmc/dom.js";
import { register } from "mtmc/panels.js";
import { columnsOf } from "mtmc/served/wall.js";

const AGAIN = 2000; // ms until a broken connection is tried again

register({
  id: "live",
  title: "Live",
  order: 5,
  live: true,
  build: (element, page) => new Live(element, page),
});

class Live {
  constructor(element, page) {
    this.page = page;
    this.status = el("p", { class: "count" }, "Connecting …");
    this.tiles = new Map(page.scene.cameras.map((camera) => [camera.name, new LiveTile(page, camera)]));
    const wall = el("div", { class: "wall live" }, [...this.tiles.values()].map(({ element: tile }) => tile));
    const shape = Math.max(...page.scene.cameras.map(({ size: [width, height] }) => width / height));
    const arrange = () => {
      wall.style.gridTemplateColumns = columnsOf(this.tiles.size, shape, element.clientWidth, innerHeight * 0.75);
    };
    new ResizeObserver(arrange).observe(element);
    this.revised = el("ol", { class: "said" });
    element.append(this.status, wall, el("h3", {}, "Revised"), this.revised);
    page.on("select", () => this.tiles.forEach((tile) => tile.draw()));
    this.connect();
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live`);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.take(data);
    socket.onclose = () => {
      if (this.ended) return;
      this.status.textContent = "The run does not answer; it may have ended.";
      setTimeout(() => this.connect(), AGAIN);
    };
  }

  // See LiveView.message in mtmc/viewer/live.py.
  take(data) {
    const length = new DataView(data).getUint32(0, true);
    const about = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    let at = 4 + length;
    for (const [name, camera] of Object.entries(about.cameras)) {
      this.tiles.get(name)?.take(camera, new Uint8Array(data, at, camera.bytes));
      at += camera.bytes;
    }
    this.ended = about.ended;
    const people = `${about.people} ${about.people === 1 ? "person" : "people"} so far`;
    const state = about.ended ? "The run has ended; `mtmc view` shows its results." : `${this.page.clock(about.time, 1)} · ${people}`;
    this.status.textContent = state;
    const last = JSON.stringify(about.revised.at(-1) ?? null); // the list is no longer than it may be
    if (last !== this.told) this.tellRevised(about.revised);
    this.told = last;
  }

  tellRevised(revised) {
    const { page } = this;
    const name = (camera) => page.scene.cameras.findIndex((one) => one.name === camera);
    const lines = [...revised].reverse().map(({ time, camera, was, person }) =>
      el("li", {}, `${page.clock(time, 1)} `, chip(page, name(camera)), " ", badge(page, was), " is ", badge(page, person), " after all"),
    );
    this.revised.replaceChildren(...(lines.length ? lines : [el("li", { class: "hint" }, "Nothing so far.")]));
  }
}

class LiveTile {
  constructor(page, camera) {
    this.page = page;
    this.camera = camera;
    this.canvas = el("canvas", { width: camera.size[0], height: camera.size[1] });
    this.note = el("div", { class: "cam-note" }, "no picture yet");
    const picture = el("div", { class: "cam-picture" }, this.canvas, this.note);
    picture.style.aspectRatio = camera.size.join(" / ");
    this.element = el("div", { class: "cam" }, picture, el("span", { class: "cam-name" }, camera.name));
  }

  async take(about, jpeg) {
    this.boxes = about.boxes;
    const frame = about.frame;
    if (jpeg.length) {
      const image = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
      if (this.frame > frame) return; // a later one was quicker
      this.image?.close();
      this.image = image;
    }
    this.frame = frame;
    this.element.dataset.frame = frame;
    this.element.dataset.people = about.boxes.map(([person]) => person).join(" ");
    this.note.textContent = jpeg.length ? "" : "no pictures";
    this.draw();
  }

  draw() {
    if (!this.boxes) return;
    const { canvas, page } = this;
    const context = canvas.getContext("2d");
    if (this.image) context.drawImage(this.image, 0, 0, canvas.width, canvas.height);
    else context.clearRect(0, 0, canvas.width, canvas.height);
    const unit = canvas.width / 640;
    context.textBaseline = "bottom";
    for (const [person, x1, y1, x2, y2, seen] of this.boxes) {
      const { fill, text } = person > 0 ? page.color(person) : { fill: "#9aa0a6", text: "#000" };
      context.strokeStyle = context.fillStyle = fill;
      context.lineWidth = 2.5 * unit;
      context.setLineDash(seen ? [] : [8 * unit, 6 * unit]);
      context.strokeRect(x1, y1, x2 - x1, y2 - y1);
      const words = person > 0 ? String(person) : "?";
      context.font = `600 ${15 * unit}px system-ui, sans-serif`;
      const wide = context.measureText(words).width + 8 * unit, high = 19 * unit;
      const top = Math.max(y1 - high, 0);
      context.fillRect(x1, top, wide, high);
      context.fillStyle = text;
      context.fillText(words, x1 + 4 * unit, top + high - unit);
    }
  }
}
