"""Client of the websocket that a browser speaks with the server, for values that no browser sends."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

FINISHED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR)


class Session:
    """One visit.

    Attributes
    ----------
    id : str
        Name that the server gives this visit.
    texts : list of str
        Errors (`alert`) and Streamlit's own error pages (`exception`) of the last run of the page.
    widgets : dict
        Controls of the last run by kind: their names, as the server knows them.
    """

    def __init__(self, address: str, cookie: str = "", **headers: str) -> None:
        more = headers | ({"Cookie": cookie} if cookie else {})
        self._open = connect(
            f"ws://{urlsplit(address).netloc}/_stcore/stream",
            origin=address,
            subprotocols=["streamlit"],
            additional_headers=more,
            max_size=None,
        )
        self.id = ""
        self.texts: list[tuple[str, str]] = []
        self.widgets: dict[str, list[str]] = {}

    def __enter__(self) -> Session:
        self._socket = self._open.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.__exit__(None, None, None)

    def run(self, page: str, query: str = "", *states: WidgetState) -> None:
        """Draw a page with these values of its controls, and wait for its end."""
        message = BackMsg()
        message.rerun_script.page_name, message.rerun_script.query_string = page, query
        message.rerun_script.widget_states.widgets.extend(states)
        self.texts.clear()
        self.widgets.clear()
        self._socket.send(message.SerializeToString())
        while True:
            told = ForwardMsg()
            told.ParseFromString(self._socket.recv(timeout=60))
            kind = told.WhichOneof("type")
            if kind == "new_session":
                self.id = told.new_session.initialize.session_id
            elif kind == "script_finished" and told.script_finished in FINISHED:
                return
            elif kind == "delta":
                self._note(told.delta.new_element)

    def _note(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.texts.append((kind, element.exception.message))
        elif kind == "alert":
            self.texts.append((kind, element.alert.body))
        found: Message | None = getattr(element, kind) if kind else None
        if name := getattr(found, "id", ""):
            self.widgets.setdefault(kind, []).append(str(name))


def state(name: str, **value: Any) -> WidgetState:
    """Return a control's value as a browser would send it."""
    sent = WidgetState(id=name)
    for field, content in value.items():
        if isinstance(content, list):
            getattr(sent, field).data.extend(content)
        else:
            setattr(sent, field, content)
    return sent
