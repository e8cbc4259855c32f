"""The app. Start it with `streamlit run app.py`: the server takes `app` from here, and shows Home to visitors."""

import streamlit as st
from starlette.middleware import Middleware

from pages.components.shell import home
from server import health, metrics, start
from server.headers import Headers, SameOrigin
from server.owner_cookie import OwnerCookie
from server.signing_in import SignedInUploads, SigningIn

if __name__ == "__main__":
    home.draw()
else:
    app = st.App(
        __file__,
        lifespan=start.lifespan,
        routes=[health.ROUTE, metrics.ROUTE],
        middleware=[
            Middleware(Headers),
            Middleware(SameOrigin),
            Middleware(OwnerCookie),
            Middleware(SignedInUploads),
            Middleware(SigningIn),
        ],
        on_script_error=start.page_failed,
    )
