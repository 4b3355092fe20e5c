"""The page that shows a run: frozen into ``report.html``, or served by ``mtmc view``.

One page, two lives. Its files are in ``page/``: HTML, CSS and plain ES modules, no build, no
framework, nothing from the network. Modules import each other as ``"mtmc/NAME.js"``; an import map
says where that is, which is all that differs between the two lives:

- *frozen*: ``report.write_report`` puts the style, the modules (as ``data:`` addresses in the
  import map), the scene and the pictures into one file. It opens from disk.
- *served*: ``index.html`` as it is, the folder at ``./page/``; ``files.inline_hashes`` allows its
  two short scripts in a content security policy. ``main.js`` fetches ``./scene.json`` (what
  ``scene_of`` gives; more keys may be added), takes pictures from ``./crop/CAMERA/TRACK/FRAME``,
  and imports ``mtmc/served.js`` before it builds. That module and those it imports
  (``files.SERVED``) are never in a report. Players, search, corrections and live belong there.

**The scene** is plain JSON. Times are seconds on the run's clock. Tables are columns, all of one
length; rows are meant by their index, cameras by their place in ``cameras``.

- ``version``: 1. ``name``: of the result folder.
- ``clock``: ``start``, ``end`` s, of all that was seen; ``zero``: ISO time at second 0, or null.
- ``counts``: ``sure``, ``brief``, ``still``, ``things``, as ``people`` in ``run.json``.
- ``palette``: ``colors``, ``[[fill, text], ...]`` in CSS, of which person ``id`` has the
  ``(id - 1) % len``-th; ``rounds``: ways to draw one colour, as ``drawing.id_round``.
- ``cameras``: list of ``name``, ``source``, ``fps``, ``size`` ``[w, h]`` px, ``frames``, ``start``
  (ISO or null), ``first`` (s, of frame 1; null where nobody knows), ``calibrated``, ``place``
  ``[x, y]`` m or null, ``view`` ``[[x, y], ...]`` m: the outline of the floor it sees.
- ``people``: list, the most doubtful first, of ``id``, ``name`` (or null), ``class``, ``doubt``
  (null, ``brief``, ``still``), ``thing`` (probability or null), ``fit`` (how much of it looks
  like one person, 0..1: the mean of its tracks'; null: it has one track, or there was no ReID),
  ``first``, ``last``, ``seconds``, ``detections``, ``score``.
- ``tracks``: columns, by person and start: ``person`` (its id), ``camera``, ``track`` (the
  ``track_id``), ``start``, ``end``, ``first_frame``, ``last_frame``, ``boxes``, ``fit``
  (probability, by looks alone, that it shows whom the other tracks of its person show; null as
  above), ``like`` (id of a person whom it looks more like, or null).
- ``crops``: columns, by person, best first: ``person``, ``row`` (of ``tracks``), ``camera``,
  ``track``, ``frame``, ``time``, ``quality``.
- ``trails``: by person id, as text: pieces ``[t, x, y, t, x, y, ...]`` in s and m.
- ``ways``: list of ``from``, ``to`` (cameras), ``count``, ``median``, ``low``, ``high`` s: from the
  end of a track to the start of the next one. ``shared``: list of ``a``, ``b`` (cameras),
  ``people``, ``seconds``: who was seen by both at once.
- ``present``: ``step`` s; ``people``: how many were seen in each step from ``clock.start`` on.
- ``run``: ``mode``, ``status``, ``detector``, ``tracker``, ``reid``, ``classes``, ``frames``,
  ``seconds``, ``warnings``, ``notes``, ``versions``, ``settings`` (YAML text).
- ``left_out``: lines that say what this page does not have, and why.

**A panel** is a module that calls ``register`` of ``mtmc/panels.js`` when it is imported. It gets
``page`` (``mtmc/page.js``): the scene, what is selected, filtered and offered, where the playhead
is (``page.go(time, camera)``, event ``time``), and where the pictures are. What can be done with a
person, a track or a crop is offered (``page.offer``) and then stands wherever one is shown. After a
change of who is who, ``page.replace(scene)`` shows the new scene. Panels know the page, never each
other.
"""
