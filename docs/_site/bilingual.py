"""English and Chinese pages in one site: the language of a page, and a search that finds both."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

FRAME = {
    "Search": "搜索",
    "Next": "下一页",
    "Previous": "上一页",
    "Home": "首页",
    "On this page": "本页内容",
    "Back to top": "回到顶部",
    "Skip to content": "跳到正文",
    "Calculator": "在线计算器",
}
"""What the theme and our own templates write around a page, in Chinese."""

CHINESE = "\u3400-\u9fff"
RUNS = re.compile(rf"[{CHINESE}]+|[^\W{CHINESE}]+")


def words(text: str) -> list[str]:
    """English words, and every two neighbouring characters of Chinese, which parts no words."""
    found: list[str] = []
    for run in RUNS.findall(text):
        if re.match(f"[{CHINESE}]", run) and len(run) > 1:
            found += [run[index : index + 2] for index in range(len(run) - 1)]
        else:
            found.append(run)
    return found


class SearchBoth(SearchEnglish):
    """The index of English words and Chinese pairs, and the same parting of a query in the page."""

    lang = "en-zh"
    js_splitter_code = r"""
function splitQuery(query) {
  const runs = query.match(/[\u3400-\u9fff]+|(?:(?![\u3400-\u9fff])[\p{Letter}\p{Number}_])+/gu);
  return (runs || []).flatMap((run) => {
    if (!/^[\u3400-\u9fff]{2,}$/.test(run)) return [run];
    return Array.from({length: run.length - 1}, (_, index) => run.slice(index, index + 2));
  });
}
"""

    def split(self, input: str) -> list[str]:
        return words(input)


def chinese_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object
) -> None:
    """Chinese pages say so, and their frame is Chinese."""
    if page.startswith("zh/"):
        context["language"] = "zh-CN"
        context["_"] = context["gettext"] = lambda text, **_: FRAME.get(text.strip(), text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_search_language(SearchBoth)
    app.connect("html-page-context", chinese_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
