// Starts the page: the scene is in it (a report) or is asked for (served).

import { el } from "mtmc/dom.js";
import { Page } from "mtmc/page.js";
import { panels } from "mtmc/panels.js";
import "mtmc/numbers.js";
import "mtmc/timeline.js";
import "mtmc/gallery.js";
import "mtmc/floor.js";
import "mtmc/ways.js";
import "mtmc/settings.js";
import { bar } from "mtmc/bar.js";
import { detail } from "mtmc/detail.js";

const inside = (id) => document.getElementById(id)?.textContent;

function frozen() {
  const scene = JSON.parse(inside("scene"));
  // The pictures are many times as long as the scene; they wait until one is asked for.
  let pictures = null;
  const picture = (row) => {
    pictures ??= JSON.parse(inside("pictures"));
    return pictures[row] && `data:image/jpeg;base64,${pictures[row]}`;
  };
  return { scene, served: false, picture };
}

async function served() {
  const answer = await fetch("./scene.json");
  if (!answer.ok) throw new Error(await answer.text());
  const source = { scene: await answer.json(), served: true };
  source.picture = (row) => {
    const { camera, track, frame } = page.scene.crops;
    const name = encodeURIComponent(page.scene.cameras[camera[row]].name);
    return `./crop/${name}/${track[row]}/${frame[row]}`;
  };
  return source;
}

function build() {
  const { scene } = page;
  document.title = `${scene.name} – mtmc`;
  const live = Boolean(scene.viewer?.live);
  const wanted = panels
    .filter((panel) => Boolean(panel.live) === live && (!panel.wanted || panel.wanted(page)))
    .sort((a, b) => a.order - b.order);
  bar(document.getElementById("top"), page, wanted);
  const main = document.getElementById("main");
  main.replaceChildren();
  for (const panel of wanted) {
    const body = el("div", { class: "panel-body" });
    const heading = panel.title && el("h2", {}, panel.title);
    const about = { id: panel.id, class: panel.wide === false ? "panel half" : "panel" };
    main.append(el("section", about, heading, body));
    panel.build(body, page);
  }
  detail(document.getElementById("side"), page);
}

let page;
try {
  page = new Page(inside("scene") ? frozen() : await served());
  if (page.served) await import("mtmc/served.js");
  build();
  globalThis.mtmc = page; // for the console, and for tests
  document.body.dataset.ready = "true";
} catch (error) {
  const text = `This page cannot be shown: ${error.message}`;
  document.getElementById("main").replaceChildren(el("p", { class: "waiting" }, text));
  throw error;
}
