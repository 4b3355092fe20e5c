// Who was where when: a row for each person, a bar for each track in the colour of its camera,
// thin lines for the ways between. Drawn on a canvas, and only the rows that can be seen.

import { canvas, chip, el, showTip, tone } from "mtmc/dom.js";
import { duration } from "mtmc/page.js";
import { register } from "mtmc/panels.js";

const LABEL = 132; // px for who it is
const AXIS = 26; // px for the time
const PAD = 4; // px above and below the bars of a row
const LEAST = 0.2; // s across the whole width
const ORDERS = {
  "first seen": (a, b) => a.first - b.first,
  "most doubtful": null, // as the scene has them
  longest: (a, b) => b.seconds - a.seconds,
  id: (a, b) => a.id - b.id,
};

register({
  id: "timeline",
  title: "Timeline",
  order: 20,
  wanted: (page) => page.scene.people.length > 0,
  build: (element, page) => new Timeline(element, page),
});

class Timeline {
  constructor(element, page) {
    this.page = page;
    this.order = "first seen";
    this.whole();
    this.figure = el("canvas", { tabindex: 0, "aria-label": "Timeline of all people" });
    this.space = el("div", { class: "space" });
    this.box = el("div", { class: "timeline" }, this.figure, this.space);
    element.append(this.tools(), this.box);
    this.ask = canvas(
      this.figure,
      (context, width, height) => this.draw(context, width, height),
      (context, width, height) => this.playhead(context, width, height),
    );
    this.listen();
    this.arrange();
  }

  whole() {
    const { start, end } = this.page.scene.clock;
    const edge = Math.max(0.02 * (end - start), 0.1);
    [this.from, this.to] = [start - edge, end + edge];
    this.limits = [this.from, this.to];
  }

  tools() {
    const order = el(
      "select",
      { "aria-label": "Order", onchange: () => ((this.order = order.value), this.arrange()) },
      Object.keys(ORDERS).map((name) => el("option", {}, name)),
    );
    const button = (text, title, run) => el("button", { class: "small", title, onclick: run }, text);
    return el(
      "div",
      { class: "tools" },
      el("label", {}, "order ", order),
      button("−", "Zoom out (-)", () => this.zoom(2)),
      button("+", "Zoom in (+)", () => this.zoom(0.5)),
      button("All", "The whole time (0)", () => (this.whole(), this.ask())),
      el("span", { class: "hint" }, "drag: move · ctrl + wheel: zoom · drag on the time: filter"),
      el("span", { class: "legend" }, this.page.scene.cameras.map((_, index) => chip(this.page, index))),
    );
  }

  // Which people have which rows, and which lane of its row each bar has.
  arrange() {
    const { page } = this;
    const people = page.shown();
    if (ORDERS[this.order]) people.sort(ORDERS[this.order]);
    this.rows = [];
    let top = 0;
    for (const person of people) {
      const bars = page.tracksOf.get(person.id) ?? [];
      const lanes = this.lanes(bars);
      const high = lanes.count > 1 ? Math.max(3, Math.min(9, 30 / lanes.count)) : 12;
      const height = Math.max(22, lanes.count * (high + 1) + 2 * PAD);
      this.rows.push({ person, bars, lanes: lanes.of, high, count: lanes.count, top, height });
      top += height;
    }
    this.height = top;
    const room = Math.min(Math.max(top + AXIS + 2, 90), Math.max(260, innerHeight * 0.6));
    this.box.style.height = `${room}px`;
    this.figure.style.height = `${room - 2}px`;
    this.space.style.height = `${Math.max(top + AXIS, room - 2)}px`;
    this.space.style.marginTop = `${2 - room}px`; // behind the picture, which stays where it is
    this.ask();
  }

  // Bars of one time lie under each other.
  lanes(bars) {
    const { start, end } = this.page.scene.tracks;
    const free = [];
    const of = bars.map((row) => {
      let lane = free.findIndex((until) => until <= start[row]);
      if (lane < 0) lane = free.length;
      free[lane] = end[row];
      return lane;
    });
    return { of, count: Math.max(1, free.length) };
  }

  x(time, width) {
    return LABEL + ((time - this.from) / (this.to - this.from)) * (width - LABEL);
  }

  time(x) {
    return this.from + ((x - LABEL) / (this.figure.clientWidth - LABEL)) * (this.to - this.from);
  }

  draw(context, width, height) {
    const top = this.box.scrollTop;
    this.colors = this.page.scene.cameras.map((_, index) => this.page.cameraColor(index));
    context.save();
    context.beginPath();
    context.rect(0, AXIS, width, height - AXIS);
    context.clip();
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    this.grid(context, width, height, false);
    for (const row of this.seen(top, height)) this.drawRow(context, row, AXIS + row.top - top, width);
    context.restore();
    this.grid(context, width, height, true);
    this.marks(context, width, height);
  }

  seen(top, height) {
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle].top + this.rows[middle].height < top) low = middle + 1;
      else high = middle;
    }
    const found = [];
    for (; low < this.rows.length && this.rows[low].top < top + height; low++) found.push(this.rows[low]);
    return found;
  }

  drawRow(context, row, y, width) {
    const { page } = this;
    const { tracks } = page.scene;
    const { fill, text } = page.color(row.person.id);
    const chosen = page.selected === row.person.id;
    if (chosen) {
      context.fillStyle = tone("chosen");
      context.fillRect(0, y, width, row.height);
    }
    context.fillStyle = tone("line");
    context.fillRect(0, y + row.height - 0.5, width, 0.5);
    context.save();
    context.beginPath();
    context.rect(LABEL, y, width - LABEL, row.height);
    context.clip();
    this.drawWays(context, row, y, width);
    const only = page.filter.camera;
    row.bars.forEach((track, place) => {
      const left = this.x(tracks.start[track], width);
      const wide = Math.max(this.x(tracks.end[track], width) - left, 2);
      if (left > width || left + wide < LABEL) return;
      context.globalAlpha = only === null || only === tracks.camera[track] ? 1 : 0.2;
      context.fillStyle = this.colors[tracks.camera[track]];
      const lane = y + PAD + (row.lanes[place] + (row.count === 1 ? 0.08 : 0)) * (row.high + 1);
      context.beginPath();
      context.roundRect(left, lane, wide, row.high, Math.min(3, wide / 2));
      context.fill();
      if (page.odd(track)) {
        context.strokeStyle = tone("warn");
        context.lineWidth = 2;
        context.stroke();
      }
      const name = page.names[tracks.camera[track]];
      if (row.high >= 11 && wide > 8 + 6.5 * name.length) {
        context.fillStyle = tone("on-camera");
        context.font = "10px system-ui, sans-serif";
        context.fillText(name, left + 4, lane + row.high / 2 + 0.5);
      }
    });
    context.restore();
    const middle = y + row.height / 2;
    context.fillStyle = fill;
    context.beginPath();
    context.arc(16, middle, 9, 0, 7);
    context.fill();
    context.fillStyle = text;
    context.textAlign = "center";
    const id = String(row.person.id);
    context.font = `600 ${id.length > 2 ? 8 : 10}px system-ui, sans-serif`;
    context.fillText(id, 16, middle + 0.5);
    context.textAlign = "left";
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = tone(page.doubtful(row.person) ? "warn-text" : "text");
    const label = row.person.name || duration(row.person.seconds);
    context.fillText(label, 32, middle + 0.5, LABEL - 38);
  }

  // Where nobody saw a person on the way from one camera to the next.
  drawWays(context, row, y, width) {
    const { start, end } = this.page.scene.tracks;
    const middle = y + row.height / 2;
    context.strokeStyle = tone("soft");
    context.lineWidth = 1;
    context.setLineDash([2, 3]);
    context.beginPath();
    let until = null;
    for (const track of row.bars) {
      if (until !== null && start[track] > until) {
        const [a, b] = [this.x(until, width), this.x(start[track], width)];
        if (b > LABEL && a < width) {
          context.moveTo(Math.max(a, LABEL), middle);
          context.lineTo(Math.min(b, width), middle);
        }
      }
      until = Math.max(until ?? -Infinity, end[track]);
    }
    context.stroke();
    context.setLineDash([]);
  }

  grid(context, width, height, axis) {
    const step = this.tick(width);
    context.textBaseline = "middle";
    context.textAlign = "center";
    context.font = "11px system-ui, sans-serif";
    if (axis) {
      context.fillStyle = tone("card");
      context.fillRect(0, 0, width, AXIS);
      context.fillStyle = tone("line");
      context.fillRect(0, AXIS - 1, width, 1);
    }
    const first = Math.ceil(this.from / step) * step;
    for (let time = first; time <= this.to; time += step) {
      const x = this.x(time, width);
      if (x < LABEL) continue;
      if (!axis) {
        context.fillStyle = tone("grid");
        context.fillRect(x, AXIS, 1, height);
      } else if (x > LABEL + 24 && x < width - 30) {
        context.fillStyle = tone("soft");
        context.fillText(this.page.clock(time, step < 1 ? 1 : 0), x, AXIS / 2);
      }
    }
    context.textAlign = "left";
  }

  tick(width) {
    const least = ((this.to - this.from) * 90) / Math.max(width - LABEL, 1);
    const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200];
    return steps.find((step) => step >= least) ?? 86400;
  }

  // The times that the filter leaves.
  marks(context, width, height) {
    const { filter } = this.page;
    const { from, to } = this.brush ?? filter;
    if (from !== null || to !== null) {
      const a = Math.max(LABEL, this.x(from ?? -1e12, width)), b = Math.min(width, this.x(to ?? 1e12, width));
      context.fillStyle = tone("veil");
      context.fillRect(LABEL, AXIS, Math.max(a - LABEL, 0), height);
      context.fillRect(b, AXIS, Math.max(width - b, 0), height);
      context.fillStyle = tone("accent");
      context.fillRect(a, AXIS - 4, Math.max(b - a, 1), 3);
    }
  }

  playhead(context, width, height) {
    const { now } = this.page;
    if (now === null || this.x(now, width) < LABEL) return;
    context.fillStyle = tone("accent");
    context.fillRect(this.x(now, width) - 0.75, 0, 1.5, height);
  }

  zoom(factor, around = (this.from + this.to) / 2) {
    const [low, high] = this.limits;
    const span = Math.min(Math.max((this.to - this.from) * factor, LEAST), high - low);
    const share = (around - this.from) / (this.to - this.from);
    this.from = Math.min(Math.max(around - share * span, low), high - span);
    this.to = this.from + span;
    this.ask();
  }

  move(seconds) {
    const [low, high] = this.limits;
    const shift = Math.min(Math.max(seconds, low - this.from), high - this.to);
    this.from += shift;
    this.to += shift;
    this.ask();
  }

  rowAt(y) {
    const at = y - AXIS + this.box.scrollTop;
    return y < AXIS ? null : this.rows.find((row) => at >= row.top && at < row.top + row.height) ?? null;
  }

  // The track under the pointer, else the one of that time.
  trackAt(row, x, y) {
    const { start, end } = this.page.scene.tracks;
    const reach = (3 * (this.to - this.from)) / Math.max(this.figure.clientWidth - LABEL, 1);
    const time = this.time(x);
    const near = row.bars
      .map((track, place) => [track, row.lanes[place]])
      .filter(([track]) => start[track] - reach <= time && end[track] + reach >= time);
    const lane = Math.floor((y - AXIS + this.box.scrollTop - row.top - PAD) / (row.high + 1));
    return (near.find(([, mine]) => mine === lane) ?? near[0])?.[0] ?? null;
  }

  listen() {
    const { figure, page } = this;
    page.on("filter", () => this.arrange());
    page.on("select", this.ask);
    page.on("time", this.ask.over);
    page.on("scene", () => this.arrange());
    page.on("select", (id) => this.reveal(id));
    this.box.addEventListener("scroll", this.ask, { passive: true });
    addEventListener("resize", () => this.arrange());
    figure.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    figure.addEventListener("keydown", (event) => this.key(event));
    figure.addEventListener("pointerdown", (event) => this.press(event));
    figure.addEventListener("pointermove", (event) => (this.drag ? this.pull(event) : this.hover(event)));
    figure.addEventListener("pointerup", (event) => this.release(event));
    figure.addEventListener("pointerleave", (event) => showTip(event, null));
  }

  // Into view who was selected elsewhere.
  reveal(id) {
    const row = this.rows.find(({ person }) => person.id === id);
    if (!row) return;
    const [low, room] = [this.box.scrollTop, this.box.clientHeight - AXIS];
    if (row.top < low || row.top + row.height > low + room) this.box.scrollTop = row.top - room / 2;
  }

  wheel(event) {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom(Math.exp(event.deltaY / 300), this.time(event.offsetX));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      const pixels = event.deltaX || event.deltaY;
      this.move((pixels * (this.to - this.from)) / (figureWidth(this.figure) - LABEL));
    }
  }

  key(event) {
    const span = this.to - this.from;
    const keys = {
      "+": () => this.zoom(0.5),
      "=": () => this.zoom(0.5),
      "-": () => this.zoom(2),
      0: () => (this.whole(), this.ask()),
      ArrowLeft: () => this.move(-0.2 * span),
      ArrowRight: () => this.move(0.2 * span),
    };
    if (!keys[event.key] || event.ctrlKey) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  }

  press(event) {
    if (event.button !== 0) return;
    this.figure.setPointerCapture(event.pointerId);
    const brush = event.offsetY < AXIS && event.offsetX > LABEL;
    this.drag = { x: event.offsetX, last: event.offsetX, brush, moved: false };
    showTip(event, null);
  }

  pull(event) {
    const { drag } = this;
    drag.moved ||= Math.abs(event.offsetX - drag.x) > 3;
    if (!drag.moved) return;
    if (drag.brush) {
      const ends = [this.time(Math.max(drag.x, LABEL)), this.time(Math.max(event.offsetX, LABEL))];
      this.brush = { from: Math.min(...ends), to: Math.max(...ends) };
      this.ask();
    } else if (drag.x > LABEL) {
      this.move(((drag.last - event.offsetX) * (this.to - this.from)) / (figureWidth(this.figure) - LABEL));
    }
    drag.last = event.offsetX;
  }

  release(event) {
    const { drag, brush } = this;
    this.drag = this.brush = null;
    if (!drag) return;
    if (drag.moved && brush) this.page.setFilter(brush);
    else if (!drag.moved) this.click(event);
  }

  click(event) {
    if (event.offsetY < AXIS) {
      this.page.setFilter({ from: null, to: null });
      if (event.offsetX > LABEL) this.page.go(this.time(event.offsetX));
      return;
    }
    const row = this.rowAt(event.offsetY);
    if (row) this.page.select(row.person.id);
    if (event.offsetX <= LABEL) return;
    const track = row && this.trackAt(row, event.offsetX, event.offsetY);
    this.page.go(this.time(event.offsetX), track === null ? null : this.page.scene.tracks.camera[track]);
  }

  hover(event) {
    const row = this.rowAt(event.offsetY);
    const { page } = this;
    if (!row) return showTip(event, event.offsetX > LABEL ? [page.clock(this.time(event.offsetX), 1)] : null);
    const name = page.called(row.person.id);
    if (event.offsetX <= LABEL) return showTip(event, [name, ...page.doubts(row.person)]);
    const time = page.clock(this.time(event.offsetX), 1);
    const track = this.trackAt(row, event.offsetX, event.offsetY);
    if (track === null) return showTip(event, [`${name} · ${time}`]);
    const { tracks, cameras } = page.scene;
    const [start, end] = [tracks.start[track], tracks.end[track]];
    const lines = [
      `${name} in ${cameras[tracks.camera[track]].name} · ${time}`,
      `${page.clock(start, 1)} – ${page.clock(end, 1)}, ${duration(end - start)}`,
    ];
    if (page.odd(track)) lines.push(page.unlike(track));
    return showTip(event, lines);
  }
}

function figureWidth(figure) {
  return Math.max(figure.clientWidth, LABEL + 1);
}
