// How the run was made: warnings first, then networks, settings and versions.

import { el } from "mtmc/dom.js";
import { duration } from "mtmc/page.js";
import { register } from "mtmc/panels.js";

register({ id: "made", title: "How it was made", order: 60, build });

function build(element, page) {
  const { run, cameras, left_out: leftOut } = page.scene;
  const warnings = [
    ...(run.status && run.status !== "complete" ? [`The run is ${run.status}: this is what there is so far.`] : []),
    ...run.warnings,
  ];
  element.append(
    lines("Warnings", warnings, "warn"),
    lines("Left out of this page", leftOut, "warn"),
    lines("Notes", run.notes),
    facts([
      ["ids", run.mode === "online" ? "given as the pictures came (online)" : "decided at the end (offline)"],
      ["detector", run.detector],
      ["tracker", run.tracker],
      ["ReID", run.reid],
      ["followed", (run.classes ?? []).join(", ")],
      ["frames", run.frames === null ? null : `${run.frames} in ${duration(run.seconds ?? 0)}`],
      ["cameras", cameras.map((camera) => `${camera.name}: ${camera.source}`)],
      ["versions", Object.entries(run.versions).map(([name, version]) => `${name} ${version}`).join(", ")],
    ]),
    run.settings
      ? el("details", {}, el("summary", {}, "Settings, for --config"), el("pre", {}, run.settings))
      : "",
  );
}

function lines(title, texts, kind = "") {
  if (!texts.length) return "";
  return el("div", { class: `notes ${kind}` }, el("h3", {}, title), el("ul", {}, texts.map((text) => el("li", {}, text))));
}

function facts(pairs) {
  const known = pairs.filter(([, value]) => value && value.length);
  const value = (what) => (Array.isArray(what) ? what.map((line) => el("div", {}, line)) : what);
  return el("dl", {}, known.map(([name, what]) => [el("dt", {}, name), el("dd", {}, value(what))]));
}
