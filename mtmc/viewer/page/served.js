// What only a served page has: modules imported here register further panels.

import { el } from "mtmc/dom.js";
import "mtmc/live.js";
import "mtmc/player.js";
import "mtmc/search.js";
import "mtmc/correct.js";

document.head.append(el("link", { rel: "stylesheet", href: "./page/served.css" }));
