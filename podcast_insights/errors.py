"""The one error type for what a person can put right.

What does not belong here: errors about one feed or one episode. Those become rows with
`status` and `error`, because one bad episode never costs the other nineteen.
"""


class UserError(Exception):
    """Something a person must change before work can begin: a setting, a file, a date.

    Shown as two sentences, never as a traceback: what is wrong, then what to do.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        """Keep both parts; `str()` joins them.

        Args:
            problem: what is wrong and where, as one sentence.
            remedy: what to do next, as one sentence.
        """
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy
