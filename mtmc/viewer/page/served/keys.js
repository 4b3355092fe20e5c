// Keys of the whole page, and the list of them that "?" shows.

import { el } from "mtmc/dom.js";

const NAMES = { Space: "space", ArrowLeft: "←", ArrowRight: "→" };

class Keys {
  constructor() {
    this.known = new Map();
    this.list = [];
    addEventListener("keydown", (event) => this.press(event));
    this.add("?", "this list", () => this.show());
  }

  // names: of keys, with spaces between them; what: in a few words; run(event).
  add(names, what, run) {
    this.list.push([names.split(" ").map((name) => NAMES[name] ?? name), what]);
    for (const name of names.split(" ")) this.known.set(name, run);
  }

  press(event) {
    const typing = event.target.closest?.("input, select, textarea, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const run = this.known.get(event.key === " " ? "Space" : event.key);
    if (!run) return;
    if (event.key === " " && event.target.closest?.("button, canvas[tabindex]")) event.target.blur();
    event.preventDefault();
    run(event);
  }

  show() {
    const close = () => dialog.remove();
    const rows = this.list.map(([names, what]) => {
      const shown = names.length > 3 ? [names[0], "…", names.at(-1)] : names;
      return [el("dt", {}, shown.map((name) => el("kbd", {}, name))), el("dd", {}, what)];
    });
    const dialog = el(
      "dialog",
      { class: "keys", onclose: close, onclick: (event) => event.target === dialog && dialog.close() },
      el("h2", {}, "Keys"),
      el("dl", {}, rows),
      el("button", { onclick: () => dialog.close(), autofocus: true }, "Close"),
    );
    document.body.append(dialog);
    dialog.showModal();
  }
}

export const keys = new Keys();
