// Boxes as the server sends them, a chunk of time at a time; only a few chunks are kept.

const KEPT = 96e6; // bytes of chunks
const AT_ONCE = 2; // that are asked for

export class Boxes {
  // about: start, seconds, count; arrived: called when a chunk that was asked for is there.
  constructor(about, arrived) {
    Object.assign(this, about);
    this.arrived = arrived;
    this.chunks = new Map(); // by number, the latest used last
    this.bytes = 0;
    this.asked = new Set();
    this.wanted = null;
    this.changed = new Map(); // "camera:track" -> [[first, last, person], ...], as corrected
    this.version = 0; // of the run's results
  }

  numberAt(time) {
    if (!this.count) return null;
    const number = Math.floor((time - this.start) / this.seconds);
    return Math.min(Math.max(number, 0), this.count - 1);
  }

  // The chunk, or null until it arrives.
  at(time) {
    const number = this.numberAt(time);
    if (number === null) return EMPTY;
    const chunk = this.chunks.get(number);
    if (!chunk) {
      this.ask(number);
      return null;
    }
    this.chunks.delete(number);
    this.chunks.set(number, chunk);
    return chunk;
  }

  // Have the chunk of a time ready before it is needed.
  ready(time) {
    const number = this.numberAt(time);
    if (number !== null && !this.chunks.has(number) && !this.asked.size) this.ask(number);
  }

  async ask(number) {
    if (this.asked.has(number)) return;
    if (this.asked.size >= AT_ONCE) {
      this.wanted = number; // of several that had to wait, the last one is the one to look at
      return;
    }
    this.asked.add(number);
    try {
      const answer = await fetch(`./boxes/${number}?v=${this.version}`);
      if (answer.ok) {
        this.keep(number, new Chunk(await answer.arrayBuffer()));
        this.arrived();
      }
    } finally {
      this.asked.delete(number);
      const next = this.wanted;
      this.wanted = null;
      if (next !== null && !this.chunks.has(next)) this.ask(next);
    }
  }

  // What was used longest ago makes room.
  keep(number, chunk) {
    this.chunks.set(number, chunk);
    this.bytes += chunk.bytes;
    for (const [old, { bytes }] of this.chunks) {
      if (this.bytes <= KEPT || old === number) break;
      this.chunks.delete(old);
      this.bytes -= bytes;
    }
  }

  // Calls each(person, track, x1, y1, x2, y2, seen) for the boxes of a frame; false: not there yet.
  each(camera, frame, time, each) {
    const chunk = this.at(time);
    if (!chunk) return false;
    const [from, to] = chunk.rows(camera, frame);
    for (let row = from; row < to; row++) {
      const track = chunk.track[row];
      const person = this.who(camera, track, frame, chunk.person[row]);
      if (person !== 0)
        each(person, track, chunk.x1[row], chunk.y1[row], chunk.x2[row], chunk.y2[row], chunk.seen[row]);
    }
    return true;
  }

  who(camera, track, frame, person) {
    const pieces = this.changed.size && this.changed.get(`${camera}:${track}`);
    if (!pieces || person < 0) return person;
    for (const [first, last, now] of pieces) if (frame >= first && frame <= last) return now;
    return person;
  }

  // pieces: [camera, track, first, last, person] of the tracks that were corrected.
  correct(pieces) {
    this.changed.clear();
    for (const [camera, track, ...piece] of pieces) {
      const key = `${camera}:${track}`;
      if (!this.changed.has(key)) this.changed.set(key, []);
      this.changed.get(key).push(piece);
    }
  }

  // The run's results are others now.
  renew(about) {
    Object.assign(this, about);
    this.version += 1;
    this.chunks.clear();
    this.bytes = 0;
    this.changed.clear();
  }
}

// See mtmc/viewer/boxes.py, which writes what is read here.
class Chunk {
  constructor(buffer) {
    this.bytes = buffer.byteLength;
    const cameras = new Int32Array(buffer, 0, 1)[0];
    const counts = new Int32Array(buffer, 4, cameras);
    this.starts = [0];
    for (const count of counts) this.starts.push(this.starts.at(-1) + count);
    const size = this.starts.at(-1);
    let at = 4 * (1 + cameras);
    for (const name of ["frame", "person", "track", "x1", "y1", "x2", "y2"]) {
      const kind = name.length === 2 ? Float32Array : Int32Array;
      this[name] = new kind(buffer, at, size);
      at += 4 * size;
    }
    this.seen = new Uint8Array(buffer, at, size);
  }

  // First row, and the one after the last, of a frame.
  rows(camera, frame) {
    const to = this.starts[camera + 1];
    const from = lower(this.frame, frame, this.starts[camera], to);
    return [from, lower(this.frame, frame + 1, from, to)];
  }
}

const EMPTY = { rows: () => [0, 0] };

function lower(values, wanted, from, to) {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (values[middle] < wanted) from = middle + 1;
    else to = middle;
  }
  return from;
}

// When each frame is, s; frames count from 1. See mtmc/viewer/clocks.py.
export class Clock {
  constructor({ count, first, period, listed }) {
    Object.assign(this, { count, first, period, listed });
    this.last = this.timeOf(count);
  }

  timeOf(frame) {
    const place = Math.min(Math.max(frame, 1), this.count) - 1;
    return this.listed ? this.listed[place] : this.first + place * this.period;
  }

  // The latest frame that is not later than a time; 0 before the first.
  frameAt(time) {
    if (this.listed) return upper(this.listed, time + 1e-6);
    return Math.min(Math.max(Math.floor((time - this.first) / this.period + 1e-4) + 1, 0), this.count);
  }

  // The middle of a frame, where a player surely shows it.
  middleOf(frame) {
    const next = frame < this.count ? this.timeOf(frame + 1) : this.timeOf(frame) + this.period;
    return (this.timeOf(frame) + next) / 2;
  }
}

function upper(values, wanted) {
  let from = 0, to = values.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (values[middle] <= wanted) from = middle + 1;
    else to = middle;
  }
  return from;
}
