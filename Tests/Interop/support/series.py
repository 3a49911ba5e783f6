"""Series of every case in every state: each case is run in one state always, and in the others with `-m slow`."""

import pytest


def crossed(cases, states, name):
    """Parameters `(*case, state)`; `name` gives a case's part of the id. The states take turns in what is run always."""
    return [
        pytest.param(*case, state, id=f"{name(case)}-{state}", marks=() if turn == number % len(states) else pytest.mark.slow)
        for number, case in enumerate(cases)
        for turn, state in enumerate(states)
    ]
