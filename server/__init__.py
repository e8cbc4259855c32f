"""ASGI middleware, health route and server lifecycle."""
