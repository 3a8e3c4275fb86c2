"""Web pages of the server itself: self-contained, nothing from elsewhere, nothing that runs."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from starlette.responses import HTMLResponse

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem }
body.narrow { max-width: 26rem }
h1 { font-size: 1.5rem } h2 { margin-top: 2.5rem; border-bottom: 1px solid #8886 }
h3 { margin: 2rem 0 0 } code, pre, .method { font-family: ui-monospace, monospace; font-size: .9em }
pre { overflow-x: auto; padding: .75rem; background: #8881; border-radius: .4rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .25rem .75rem .25rem 0 }
td { vertical-align: top; border-top: 1px solid #8883 } nav li { display: inline; margin-right: 1rem }
nav ul { padding: 0 } label { display: block; margin: .75rem 0 } input { font: inherit; padding: .4rem }
label input { display: block; width: 100%; box-sizing: border-box }
button { font: inherit; padding: .4rem 1.2rem }
.method { font-weight: bold } .error { color: #c22; font-weight: bold } .muted { opacity: .7 }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def page(
    title: str, body: str, *, status: int = 200, narrow: bool = False, form_targets: str = "'none'"
) -> HTMLResponse:
    """A page.

    Parameters:
        body: HTML; whatever comes from outside is escaped already.
        form_targets: sources to which its forms may lead (CSP `form-action`).
    """
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action {form_targets}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    kind = ' class="narrow"' if narrow else ""
    html = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head>"
        f"<body{kind}><h1>{escape(title)}</h1>{body}</body></html>"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return HTMLResponse(html, status, headers)
