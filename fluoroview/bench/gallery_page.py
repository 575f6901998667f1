"""The page of a gallery: every case with still, movie and teaching points. One file, no scripts."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment

from fluoroview.hal.safe_files import write_whole
from fluoroview.session.devices.catalogue import CaseEntry, ProcedureEntry
from fluoroview.session.labels import control_lines, technique_words

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>FluoroView: simulated procedures</title>
<style>
  body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 1500px; background: #0f1113;
         color: #e8eaec; font: 15px/1.5 Inter, "Segoe UI", "Helvetica Neue", sans-serif; }
  h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.25rem; margin: 3rem 0 .2rem; }
  h3 { font-size: 1rem; margin: .6rem 0 .2rem; }
  p { margin: .3rem 0; max-width: 75ch; } .dim { color: #98a0a8; }
  nav a { color: #4aa3df; margin-right: 1.1rem; white-space: nowrap; text-decoration: none; }
  .cases { display: grid; gap: 1.4rem; margin-top: 1rem;
           grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); }
  article { background: #16191c; border: 1px solid #2d3237; border-radius: 8px; overflow: hidden; }
  article div { padding: 0 1rem 1rem; }
  img, video { display: block; width: 100%; background: #000; }
  video { border-top: 1px solid #2d3237; }
  .kind { font-size: .75rem; border-radius: 3px; padding: .05rem .45rem; margin-left: .5rem;
          border: 1px solid; color: #3ecf73; } .kind.abnormal { color: #ffb35c; }
  kbd { background: #22262a; border: 1px solid #3a4047; border-radius: 3px; padding: 0 .35rem;
        font: .85em inherit; }
</style>
<h1>Simulated procedures</h1>
<p class="dim">Made by <code>fluoroview gallery</code>. No x-rays were used: generator, patient
and detector are simulated. FluoroView is not a medical device.</p>
<nav>{% for part in parts %}<a href="#{{ part.procedure.name }}">{{ part.procedure.title }}</a>
{% endfor %}</nav>
{% for part in parts %}
<section id="{{ part.procedure.name }}">
  <h2>{{ part.procedure.title }}</h2>
  <p class="dim">{{ part.technique }}{% if part.procedure.subtraction %} · subtracted{% endif %}</p>
  <p>{{ part.procedure.teaching }}</p>
  {% if part.controls %}<p class="dim">{% for keys, words in part.controls %}
    {% for key in keys %}<kbd>{{ key }}</kbd> {% endfor %}{{ words }}{{ " · " if not loop.last }}
  {% endfor %}</p>{% endif %}
  <div class="cases">
  {% for case in part.cases %}
    <article>
      <img src="{{ case.still }}" alt="{{ case.entry.title }}, held" loading="lazy">
      {% if case.movie %}<video src="{{ case.movie }}" poster="{{ case.still }}" controls loop muted
        playsinline preload="none"></video>{% endif %}
      <div><h3>{{ case.entry.title }}<span class="kind{{ " abnormal" if case.entry.abnormal }}">
        {{- "abnormal" if case.entry.abnormal else "normal" }}</span></h3>
      <p>{{ case.entry.teaching }}</p></div>
    </article>
  {% endfor %}
  </div>
</section>
{% endfor %}
</html>
"""


def write_page(
    page: Path, entries: Sequence[tuple[ProcedureEntry, CaseEntry]], kinds: tuple[str, str]
) -> None:
    """Write index.html with every case that has a still next to it."""
    parts = []
    for procedure, group in groupby(entries, key=lambda pair: pair[0]):
        cases = [_case(page.parent, procedure, case, kinds) for _, case in group]
        cases = [case for case in cases if case["still"]]
        if cases:
            parts.append(
                {
                    "procedure": procedure,
                    "technique": technique_words(procedure),
                    "controls": control_lines(procedure),
                    "cases": cases,
                }
            )
    template = Environment(autoescape=True).from_string(_PAGE)
    write_whole(page, template.render(parts=parts), private=False)


def _case(
    folder: Path, procedure: ProcedureEntry, case: CaseEntry, kinds: tuple[str, str]
) -> dict[str, Any]:
    names = [f"{procedure.name}/{case.name}{kind}" for kind in kinds]
    still, movie = (name if (folder / name).exists() else "" for name in names)
    return {"entry": case, "still": still, "movie": movie}
