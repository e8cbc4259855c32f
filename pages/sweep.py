"""Former address of the sweep mode of the Train page."""

import streamlit as st

from pages.components import navigation

navigation.redirect(__file__, st.query_params.to_dict())
