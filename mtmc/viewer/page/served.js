// What only a served page has: modules imported here register further panels.

import { el } from "mtmc/dom.js";
import "mtmc/served/live.js";
import "mtmc/served/player.js";
import "mtmc/served/search.js";
import "mtmc/served/correct.js";

document.head.append(el("link", { rel: "stylesheet", href: "./page/served/style.css" }));
