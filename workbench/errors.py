"""The one exception that speaks to a user: bad input, said in a sentence."""


class InputError(ValueError):
    """Input that cannot be used: says what is required, what was given and what to do."""
