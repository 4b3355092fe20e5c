// One camera of the player: its video, or grey, and the boxes of the frame that is shown.

import { Clock } from "mtmc/served/boxes.js";
import { el } from "mtmc/dom.js";

const FAR = 0.2; // s that a playing video may be off before it is moved,
const OFF = 0.02; // and before it is played a little faster or slower
const GREY = "#9aa0a6";

export class Tile {
  // player: page, boxes, and what is picked; index: of the camera.
  constructor(player, index) {
    this.player = player;
    this.index = index;
    this.camera = player.page.scene.cameras[index];
    this.frame = 0; // that is shown
    this.target = null; // s in the video that was sought last, until it plays
    this.video = el("video", { muted: true, playsinline: true, preload: "metadata" });
    this.video.muted = true;
    this.canvas = el("canvas", { tabindex: -1 });
    this.label = el("span", { class: "cam-name" }, this.camera.name);
    this.note = el("div", { class: "cam-note" });
    const [width, height] = this.camera.size;
    this.shape = width / height;
    this.picture = el("div", { class: "cam-picture" }, this.video, this.canvas, this.note);
    this.picture.style.aspectRatio = `${width} / ${height}`;
    this.element = el("div", { class: "cam" }, this.picture, this.label);
    this.canvas.addEventListener("click", (event) => this.click(event));
    this.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.canvas.addEventListener("dblclick", () => player.enlarge(this.index));
    this.label.addEventListener("click", () => player.enlarge(this.index));
    for (const event of ["loadedmetadata", "seeked", "canplay"])
      this.video.addEventListener(event, () => this.player.playing || this.show(this.player.now, false));
    this.video.addEventListener("error", () => this.fail());
    this.watch();
    new ResizeObserver(() => this.draw()).observe(this.picture);
  }

  // What the server says of the camera's video.
  set({ state, said, done, times, media }) {
    this.times = new Clock(times);
    this.said = said;
    if (state === "plays" && !this.media) {
      this.media = new Clock(media);
      this.video.src = `./video/${encodeURIComponent(this.camera.name)}`;
    }
    const waits = { waits: "waiting to be converted", converts: `converting: ${Math.round(100 * done)} %` };
    this.waiting = waits[state] ?? "";
    this.element.classList.toggle("grey", state !== "plays");
    this.element.title = said;
    this.show(this.player.now, this.player.playing);
  }

  fail() {
    this.media = null;
    this.element.classList.add("grey");
    this.waiting = "this browser cannot play the video";
  }

  // While it plays, the boxes follow the frame that the video has put on the screen.
  watch() {
    if (!this.video.requestVideoFrameCallback) return;
    this.video.requestVideoFrameCallback((_, { mediaTime }) => {
      if (this.media && this.player.playing) {
        this.frame = this.media.frameAt(mediaTime + this.media.period / 10);
        this.draw();
      }
      this.watch();
    });
  }

  // The frame of a moment, and why there is none.
  frameAt(time) {
    const { times } = this;
    const frame = times.frameAt(time + this.player.tolerance);
    if (frame < 1) return [0, `begins at ${this.player.page.clock(times.first, 1)}`];
    const late = time - times.timeOf(frame);
    if (frame === times.count && late > times.period + this.player.tolerance)
      return [0, `ended at ${this.player.page.clock(times.last, 1)}`];
    return [frame, late > Math.max(1, 5 * times.period) ? "no footage here" : ""];
  }

  show(time, playing) {
    if (!this.times) return;
    const [frame, why] = this.frameAt(time);
    const gone = !this.media && !this.waiting ? "no video" : "";
    this.note.textContent = [why, this.waiting || gone].filter(Boolean).join(" · ");
    this.picture.classList.toggle("none", frame === 0);
    if (!this.media || frame === 0) {
      if (!this.video.paused) this.video.pause();
      this.frame = frame;
      this.draw();
      return;
    }
    if (playing) this.follow(frame, time);
    else {
      if (!this.video.paused) this.video.pause();
      this.seek(frame);
    }
  }

  // Keep a playing video on the clock of all cameras.
  follow(frame, time) {
    this.target = null;
    const { video, media, times } = this;
    const target = media.timeOf(frame) + Math.max(0, time - times.timeOf(frame));
    const late = target - video.currentTime;
    const { rate } = this.player;
    if (Math.abs(late) > Math.max(FAR, FAR * rate)) {
      if (!video.seeking) video.currentTime = target;
    } else {
      video.playbackRate = Math.abs(late) > OFF ? rate * (late > 0 ? 1.08 : 0.93) : rate;
    }
    if (video.paused && !video.seeking) video.play().catch(() => {});
    if (!video.requestVideoFrameCallback || video.paused) {
      this.frame = frame;
      this.draw();
    }
  }

  // Paused, each event asks anew which frame the clock wants, and it is sought once the video is
  // there from an earlier one: nothing that was asked for in between is remembered.
  seek(frame) {
    const { video } = this;
    if (video.seeking || video.readyState < 1) return;
    const target = this.media.middleOf(frame);
    if (target !== this.target) video.currentTime = this.target = target;
    else if (video.readyState > 1) {
      this.frame = frame; // its picture is there: so are its boxes
      this.draw();
    }
  }

  // Calls each(person, track, box, seen) for what is on the screen.
  each(each) {
    const { boxes } = this.player;
    if (!this.frame) return true;
    const draw = (person, track, x1, y1, x2, y2, seen) => each(person, track, [x1, y1, x2, y2], seen);
    return boxes.each(this.index, this.frame, this.times.timeOf(this.frame), draw);
  }

  draw() {
    const { canvas, picture } = this;
    const width = picture.clientWidth, height = picture.clientHeight;
    if (!width || !height || !this.times) return;
    const scale = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const unit = width / this.camera.size[0];
    const selected = this.player.page.selected;
    this.drawn = [];
    const there = this.each((person, track, box, seen) => {
      this.drawn.push({ person, track, box, seen });
    });
    this.picture.classList.toggle("loading", !there);
    // The selected one last, so that nothing hides it.
    this.drawn.sort((a, b) => (a.person === selected) - (b.person === selected));
    for (const one of this.drawn) this.box(context, one, unit, selected);
  }

  box(context, { person, track, box, seen }, unit, selected) {
    const [x1, y1, x2, y2] = box.map((side) => side * unit);
    const picked = person === selected;
    context.globalAlpha = selected !== null && !picked ? 0.55 : 1;
    context.lineWidth = person < 0 ? 1 : picked ? 4 : 2;
    context.setLineDash(seen || person < 0 ? [] : [6, 4]);
    if (person < 0) {
      context.strokeStyle = GREY;
      context.strokeRect(x1, y1, x2 - x1, y2 - y1);
      context.globalAlpha = 1;
      return;
    }
    const { fill, text, round } = this.player.page.color(person);
    context.strokeStyle = fill;
    context.strokeRect(x1, y1, x2 - x1, y2 - y1);
    if (round === 1) context.strokeRect(x1 + 4, y1 + 4, x2 - x1 - 8, y2 - y1 - 8);
    context.setLineDash([]);
    if (round === 2)
      for (const [x, y] of [[x1, y1], [x2, y1], [x1, y2], [x2, y2]]) {
        context.fillStyle = fill;
        context.fillRect(x - 4, y - 4, 8, 8);
      }
    const name = this.player.page.people.get(person)?.name;
    const words = name ? `${person} ${name}` : String(person);
    context.font = `600 ${this.element.classList.contains("large") ? 15 : 12}px system-ui, sans-serif`;
    const wide = context.measureText(words).width + 8, high = this.element.classList.contains("large") ? 20 : 16;
    const top = y1 >= high ? y1 - high : y1;
    context.fillStyle = fill;
    context.fillRect(x1 - context.lineWidth / 2, top, wide, high);
    context.fillStyle = text;
    context.textBaseline = "middle";
    context.fillText(words, x1 + 4 - context.lineWidth / 2, top + high / 2 + 0.5);
    context.globalAlpha = 1;
    if (this.player.picked && this.player.picked.camera === this.index && this.player.picked.track === track && picked) {
      context.lineWidth = 1;
      context.strokeStyle = "#fff";
      context.strokeRect(x1, y1, x2 - x1, y2 - y1);
    }
  }

  // Whom a pointer is on, the smallest box first.
  under(event) {
    const bounds = this.canvas.getBoundingClientRect();
    const unit = bounds.width / this.camera.size[0];
    const x = (event.clientX - bounds.left) / unit, y = (event.clientY - bounds.top) / unit;
    const hit = (this.drawn ?? []).filter(
      ({ person, box: [x1, y1, x2, y2] }) => person > 0 && x >= x1 && x <= x2 && y >= y1 && y <= y2,
    );
    const size = ({ box: [x1, y1, x2, y2] }) => (x2 - x1) * (y2 - y1);
    return hit.sort((a, b) => size(a) - size(b));
  }

  hover(event) {
    this.canvas.style.cursor = this.under(event).length ? "pointer" : "";
  }

  // Of boxes on top of each other, another click takes the next one.
  click(event) {
    const hit = this.under(event), { picked } = this.player;
    const same = picked?.camera === this.index && picked.frame === this.frame;
    const place = same ? hit.findIndex(({ track }) => track === picked.track) : -1;
    const one = hit.length ? hit[(place + 1) % hit.length] : null;
    this.player.pick(one && { ...one, camera: this.index, frame: this.frame });
  }
}
