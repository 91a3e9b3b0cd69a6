# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What the system cases and the benchmark print for each case, and the count at the end."""


class Report:
    """Prints results as they come and counts them."""

    def __init__(self, path):
        self.passed = self.failed = 0
        self.log = open(path, "w")

    def line(self, text):
        print(text, flush=True)
        print(text, file=self.log, flush=True)

    def result(self, ok, name, sentence, detail=""):
        """ok is None for a case that cannot run here; it counts neither way."""
        if ok is not None:
            self.passed, self.failed = self.passed + bool(ok), self.failed + (not ok)
        self.line(f"{'skip  ' if ok is None else 'ok    ' if ok else 'not ok'} {name}: {sentence}"
                  + (f"\n         {detail}" if detail else ""))

    def total(self):
        print(f"{self.passed} passed, {self.failed} failed", file=self.log)
        self.log.close()
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0
