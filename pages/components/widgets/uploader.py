"""File uploader whose area has one role: Streamlit names it and calls it presentational at once."""

from __future__ import annotations

from typing import Any

import streamlit as st

_component = st.components.v2.component(
    "upload_area",
    html="<span></span>",
    js="""
const area = "[data-testid=stFileUploaderDropzone][role=presentation]";
const mend = () => document.querySelectorAll(area).forEach((found) => found.setAttribute("role", "group"));
export default function () {
  mend();
  const observer = new MutationObserver(mend);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => observer.disconnect();
}
""",
    isolate_styles=False,
)


def file_uploader(label: str, *, key: str, **options: Any) -> Any:
    """Draw `st.file_uploader` and return what it returns.

    Parameters
    ----------
    label : str
    key : str
    **options
        As `st.file_uploader` takes them.
    """
    with st.container(gap=None):
        files = st.file_uploader(label, key=key, **options)
        _component(key=f"area-{key}", height="content")
    return files
