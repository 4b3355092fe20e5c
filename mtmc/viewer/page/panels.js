// Panels of the page, as they are registered by the modules that hold them.
//
// register({
//   id: "timeline",           // of its <section>, and for links
//   title: "Timeline",        // above it and in the navigation; null: no heading
//   order: 20,                // from the top: 5 player, 10 numbers, 20 timeline, 30 people,
//                             // 40 floor, 50 ways, 60 settings
//   wide: true,               // false: takes half the width where there is room
//   live: false,              // true: for a run that goes on, whose page has no other panels
//   wanted: (page) => true,   // whether this run has something to show in it; may be left out
//   build: (element, page) => { ... },
// });

export const panels = [];

export function register(panel) {
  panels.push(panel);
}
