// What all panels share: the scene, what is selected and filtered, the moment, and what can be done.

export class Page {
  // source: { scene, served, picture(crop) } ; picture gives an address for <img>.
  constructor(source) {
    this.scene = source.scene;
    this.served = source.served;
    this.picture = source.picture;
    this.selected = null; // a person's id
    this.now = null; // s; where the playhead is
    this.filter = { camera: null, from: null, to: null, words: "", doubtful: false };
    this.offers = [];
    this.listeners = new Map();
    this.index();
  }

  index() {
    const { people, tracks, crops } = this.scene;
    this.people = new Map(people.map((person) => [person.id, person]));
    this.tracksOf = rowsBy(tracks.person);
    this.cropsOf = rowsBy(crops.person);
    this.names = shortened(this.scene.cameras.map(({ name }) => name)); // of cameras, where room is short
    this.left = null; // who is left by the filter, once somebody asked
  }

  // Events: "select" (id), "filter", "time" (s), "scene" (it was replaced), "offers".
  on(name, listener) {
    if (!this.listeners.has(name)) this.listeners.set(name, []);
    this.listeners.get(name).push(listener);
  }

  emit(name, value) {
    for (const listener of this.listeners.get(name) ?? []) listener(value);
  }

  select(id) {
    this.selected = id;
    this.emit("select", id);
  }

  setFilter(change) {
    Object.assign(this.filter, change);
    this.left = null;
    this.emit("filter");
  }

  // Move the playhead; a camera (its index) is the one to look at, where somebody shows videos.
  go(time, camera = null) {
    this.now = time;
    this.emit("time", time);
    if (camera !== null) this.emit("camera", camera);
  }

  // Another scene of the same run: after corrections, or as a live run goes on.
  replace(scene) {
    this.scene = scene;
    this.index();
    if (!this.people.has(this.selected)) this.selected = null;
    this.emit("scene");
    this.emit("select", this.selected);
  }

  // Something that can be done with a "person" (run(id)), a "track" (run(row of scene.tracks)) or a
  // "crop" (run(row of scene.crops)); shown as a button wherever there is one.
  // offer({ of: "person", label: "Find similar", run, wanted })
  offer(what) {
    this.offers.push(what);
    this.emit("offers");
  }

  offersOf(kind, value) {
    return this.offers.filter((one) => one.of === kind && (!one.wanted || one.wanted(value)));
  }

  // People whom the filter leaves, in the scene's order: most doubtful first.
  shown() {
    this.left ??= this.scene.people.filter((person) => this.matches(person));
    return [...this.left];
  }

  matches(person) {
    const { words, doubtful } = this.filter;
    if (doubtful && !this.doubtful(person)) return false;
    if (words && !`${person.id} ${person.name ?? ""}`.toLowerCase().includes(words.toLowerCase().trim()))
      return false;
    return this.rows(person.id).length > 0;
  }

  // Tracks of a person that the filter leaves.
  rows(id) {
    const { tracks } = this.scene;
    const { camera, from, to } = this.filter;
    return (this.tracksOf.get(id) ?? []).filter(
      (row) =>
        (camera === null || tracks.camera[row] === camera) &&
        (from === null || tracks.end[row] >= from) &&
        (to === null || tracks.start[row] <= to),
    );
  }

  // Whether somebody should look at a person.
  doubtful(person) {
    return Boolean(person.doubt) || (person.fit !== null && person.fit < 0.95);
  }

  // What there is to see in a person; empty: nothing.
  doubts(person) {
    const found = [];
    if (person.doubt === "brief") found.push(`seen for ${person.seconds.toFixed(1)} s only`);
    if (person.doubt === "still") found.push("never moves: maybe a thing");
    const odd = (this.tracksOf.get(person.id) ?? []).filter((row) => this.odd(row));
    if (odd.length === 1) found.push(`${this.where(odd[0])} ${this.unlike(odd[0])}`);
    else if (odd.length) {
      const whom = [...new Set(odd.map((row) => this.scene.tracks.like[row]))].filter((id) => id !== null);
      const few = whom.slice(0, 3).map((id) => this.called(id)).join(", ");
      const like = whom.length ? `: like ${few}${whom.length > 3 ? " …" : ""}` : "";
      found.push(`${odd.length} of ${this.tracksOf.get(person.id).length} tracks look different${like}`);
    }
    return found;
  }

  // Whether a track is, by its looks, more probably somebody else's.
  odd(row) {
    const fit = this.scene.tracks.fit[row];
    return fit !== null && fit < 0.5;
  }

  unlike(row) {
    const like = this.scene.tracks.like[row];
    return like === null ? "looks different" : `looks like ${this.called(like)}`;
  }

  // Camera and time of a track.
  where(row) {
    const { camera, start } = this.scene.tracks;
    return `${this.scene.cameras[camera[row]].name} at ${this.clock(start[row])}`;
  }

  color(id) {
    const { colors, rounds } = this.scene.palette;
    const [fill, text] = colors[(id - 1) % colors.length];
    return { fill, text, round: Math.floor((id - 1) / colors.length) % rounds };
  }

  // Cameras have hues of their own, softer than people's.
  cameraColor(index) {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const count = this.scene.cameras.length;
    const hue = (205 + (index * 360) / Math.max(count, 3)) % 360;
    const light = (dark ? 58 : 45) + (index % 2 ? 9 : 0);
    return `hsl(${hue} ${dark ? 42 : 48}% ${light}%)`;
  }

  called(id) {
    return this.people.get(id)?.name || `Person ${id}`;
  }

  // A moment as people read it: by the clock on the wall where that is known.
  clock(seconds, digits = 0) {
    const { zero } = this.scene.clock;
    if (zero) {
      const [date] = zero.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?/);
      const time = new Date(Date.parse(`${date}Z`) + seconds * 1000).toISOString();
      return time.slice(11, digits ? 20 + digits : 19);
    }
    const unit = 10 ** digits;
    const whole = Math.round(Math.abs(seconds) * unit) / unit;
    const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
    const rest = (whole % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
    const sign = seconds < 0 ? "-" : "";
    return hours ? `${sign}${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${sign}${minutes}:${rest}`;
  }

  // The day of second 0, or null.
  get day() {
    return this.scene.clock.zero ? this.scene.clock.zero.slice(0, 10) : null;
  }

  // The seconds of what somebody typed: 12.5, 1:20 or, by the clock on the wall, 9:05:00; null: nothing
  // that can be read.
  seconds(text) {
    const parts = text.trim().split(":").map(Number);
    if (!text.trim() || parts.length > 3 || parts.some((part) => !Number.isFinite(part))) return null;
    const { zero } = this.scene.clock;
    if (parts.length === 1) return parts[0];
    if (!zero) return parts.reduce((sum, part) => 60 * sum + part, 0);
    const [hours, minutes, seconds = 0] = parts;
    const [h, m, s] = zero.slice(11, 19).split(":").map(Number);
    const since = 3600 * (hours - h) + 60 * (minutes - m) + seconds - s;
    return since < -43200 ? since + 86400 : since;
  }
}

export function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

// Names without the words that all begin with: campus-c0, campus-c1 → c0, c1.
function shortened(names) {
  let common = names.length > 1 ? names[0] : "";
  for (const name of names) while (!name.startsWith(common)) common = common.slice(0, -1);
  const cut = common.search(/[-_. /][^-_. /]*$/) + 1;
  return names.map((name) => name.slice(cut) || name);
}

function rowsBy(ids) {
  const found = new Map();
  ids.forEach((id, row) => {
    if (!found.has(id)) found.set(id, []);
    found.get(id).push(row);
  });
  return found;
}
