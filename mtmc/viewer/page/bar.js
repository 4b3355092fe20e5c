// The bar at the top: what this is, the way to each panel, and the filter that all panels obey.

import { el } from "mtmc/dom.js";

export function bar(element, page, panels) {
  const { scene } = page;
  const links = panels
    .filter((panel) => panel.title)
    .map((panel) => el("a", { href: `#${panel.id}` }, panel.title));
  element.replaceChildren(
    el("div", { class: "title" }, el("strong", {}, scene.name), page.day && el("span", {}, page.day)),
    el("nav", {}, links),
    scene.viewer?.live ? "" : filter(page),
  );
  // What sticks below it has to know how high it is.
  const measure = () => document.documentElement.style.setProperty("--bar", `${element.offsetHeight}px`);
  new ResizeObserver(measure).observe(element);
}

function filter(page) {
  const camera = el(
    "select",
    {
      "aria-label": "Camera",
      onchange: () => page.setFilter({ camera: camera.value === "" ? null : Number(camera.value) }),
    },
    el("option", { value: "" }, "all cameras"),
    page.scene.cameras.map(({ name }, index) => el("option", { value: index }, name)),
  );
  const moment = (key, label) => {
    const input = el("input", {
      "aria-label": label,
      placeholder: label,
      size: 8,
      onchange: () => {
        const seconds = input.value.trim() ? page.seconds(input.value) : null;
        input.classList.toggle("wrong", seconds === null && input.value.trim() !== "");
        page.setFilter({ [key]: seconds });
      },
    });
    return input;
  };
  const from = moment("from", "from"), to = moment("to", "to");
  const words = el("input", {
    type: "search",
    "aria-label": "Id or name",
    placeholder: "id or name",
    size: 10,
    oninput: () => page.setFilter({ words: words.value }),
  });
  const doubtful = el("input", {
    type: "checkbox",
    onchange: () => page.setFilter({ doubtful: doubtful.checked }),
  });
  const clear = el(
    "button",
    {
      onclick: () =>
        page.setFilter({ camera: null, from: null, to: null, words: "", doubtful: false }),
    },
    "Clear",
  );
  const show = () => {
    const now = page.filter;
    camera.value = now.camera ?? "";
    if (document.activeElement !== words) words.value = now.words;
    doubtful.checked = now.doubtful;
    for (const [input, value] of [[from, now.from], [to, now.to]])
      if (value === null ? !input.classList.contains("wrong") : true)
        input.value = value === null ? "" : page.clock(value, 1);
    const active = now.camera !== null || now.from !== null || now.to !== null;
    clear.hidden = !(active || now.words || now.doubtful);
  };
  page.on("filter", show);
  show();
  const check = el("label", { class: "check" }, doubtful, "in doubt");
  return el("div", { class: "filter" }, camera, from, to, words, check, clear);
}
