"""The report as a page that answers by being pointed at: one file, or part of a live page.

Python makes plain data of a report, with every text, number and position in it; the scripts beside
this file draw it and know no formula.

    page_data(report, view, parts) -> dict      the data, JSON-able: no Jinja2 is needed for it
    page_html(report, view) -> str              the one file: template, styles, scripts and data
    explanation(report, number) -> dict         what is said of one layer when it is pointed at
    script() -> str, style() -> str             `report.js` with what it imports, and `report.css`

`page_data` has the table and the totals at once; other `PARTS` may be asked for later and handed
to the page one by one, since they take their time:

    table         columns, rows (blocks and layers) and the totals
    sights        the windows through which units see the inputs
    findings      with the reasons of their rules
    charts        bytes alive, receptive fields and stages, for the charts
    diagram       the network as boxes with their places (it looks for the network's structure)
    explanations  the arithmetic of every layer, equal texts once (`explanation` tells one of them)

In a browser:

    import { mount } from "./report.js";
    const page = mount(element, data, { explain });
    page.update(data);             another network, or the same one changed: folds, sorting, filter
                                   and the chosen layer stay as they were
    page.add(data);                parts that were asked for later
    page.select(number);           choose a layer by its number, from 1 on; null: none
    explain(number, name)          the `explanation` of a layer or a promise of it; left out where
                                   the data has `explanations`
"""

from __future__ import annotations

from cnncalc.render.page.assets import script, style
from cnncalc.render.page.data import PARTS, page_data
from cnncalc.render.page.explanations import explanation
from cnncalc.render.page.frame import page_html

__all__ = ["PARTS", "explanation", "page_data", "page_html", "script", "style"]
