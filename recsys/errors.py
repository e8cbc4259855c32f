"""The one error that is meant for a person."""


class InputError(ValueError):
    """Something a person gave cannot be used.

    The message is one or two sentences: the place, the value and the way out.
    Anything else that is raised is a bug and should look like one.
    """
