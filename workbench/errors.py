"""What is said to a user in a sentence: bad input, and predictions that no data supports."""


class InputError(ValueError):
    """Input that cannot be used: says what is required, what was given and what to do."""


class ExtrapolationWarning(UserWarning):
    """Rows lie outside the range of the training data, where curves go on as straight lines."""
