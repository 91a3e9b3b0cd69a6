# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Compiles the driver in all trees and runs the system cases of all kernels and guests.

Each job is one kernel and the machines that run it. What came out is kept in
build/check-all.json, for each job by itself, and printed as a table.
"""
import argparse
import dataclasses
import json
import os
import re
import subprocess
import time

import rig
import run

RESULTS = rig.BUILD / "check-all.json"
DOCUMENT = rig.TOP / "Documentation/results.rst"
MARKERS = (".. from tests/system/matrix --publish\n", ".. end of the tables\n")
DRIVER = [":(glob)*.c", "include", "Kbuild", "Kconfig"]
TOTAL = re.compile(r"\d+ passed, \d+ failed$")
LINE = re.compile(r"(ok|not ok) +(?:- )?(\S+?)(?:-(\S+))?: (.*)")
SHOWN = {True: "+", False: "X", None: "."}


@dataclasses.dataclass(frozen=True)
class Job:
    """One kernel in one kind of machine; without a boot it is only compiled."""
    kver: str
    boot: str = ""      # of run.BOOTS, "default": those that `make check` runs
    flavour: str = "ours"
    topic: str = ""    # all cases of that one, also those that take long
    xen: str = "4.17"
    options: str = ""   # on the kernels' command lines
    xenstored: str = rig.XENSTOREDS[0]

    @property
    def name(self):
        words = [self.kver] + [self.flavour] * (self.flavour != "ours") + ["checked"] * bool(self.options)
        words += [self.topic] * bool(self.topic)
        words += [f"xen{self.xen}"] * (self.xen != "4.17")
        words += [self.xenstored] * (self.xenstored != rig.XENSTOREDS[0])
        return "-".join(words + [self.boot or "build"] * (self.boot != "default"))

    @property
    def machine(self):
        return run.BOOTS.get(self.boot, run.Boot([]))

    @property
    def boots(self):
        if self.boot == "default":
            return [name for name in run.BOOTS if name not in EXTRA]
        return [self.boot] if self.boot else []

    def environment(self):
        return {**os.environ, "KVER": self.kver, "FLAVOUR": self.flavour, "XEN": self.xen,
                "ARCH": self.machine.arch.make, "PAGES": self.machine.pages,
                "OPTIONS": self.options, "XENSTORED": self.xenstored}

    def machine_of(self, case):
        """The boot that runs it, or whose logs it stands for; None for the rig's own."""
        return next((boot for boot in self.boots if case == f"{boot}-logs"
                     or case.split("-")[0] in run.BOOTS[boot].guests), None)

    def commands(self, boot=""):
        """What runs one after the other; the last one's report counts. With boot, that machine alone."""
        if not self.boot:
            return [["tools/check-build", self.kver]]
        boot = boot or self.boot
        only = [] if boot == "default" else ["--guest", boot]
        only += ["--topic", self.topic] if self.topic else ["--whole"]
        # One that cannot boot as PV leaves dom0 to the ordinary kernel.
        kernels = [self.flavour] if rig.flavour(self.flavour).pv else ["ours", self.flavour]
        return [*(["tools/kernel", self.kver, kernel] for kernel in kernels), ["tests/system/run", *only]]


EXTRA = [name for name, boot in run.BOOTS.items() if boot.extra]
CHECKERS = "page_owner=on debug_pagealloc=on page_table_check=on"    # of distro.config
JOBS = {job.name: job for job in [
    Job("7.3", "default"), *(Job("7.3", boot) for boot in EXTRA),
    *(Job("7.3", "default", flavour) for flavour in ("ballooned", "lockdep", "distro", "debug", "kasan")),
    Job("7.3", "default", "distro", "full"), Job("7.3", "default", "distro", options=CHECKERS),
    *(Job("7.3", "default", "lockdep", topic) for topic in ("consumers", "disruption")),
    *(Job("7.3", "default", "ballooned", topic) for topic in ("consumers", "hotplug")),
    Job("7.3", "arm64", "ballooned", "consumers"),
    *(Job("7.3", "default", "debug", topic) for topic in ("hotplug", "disruption")),
    *(Job("7.3", "default", topic=topic) for topic in ("consumers", "hotplug", "protection", "disruption", "soak")),
    *(Job("7.3", boot, xen="4.20") for boot in ("default", *EXTRA)), Job("7.3", "default", topic="disruption", xen="4.20"),
    *(Job("7.3", "default", topic="xenstore", xen=xen.version) for xen in rig.XENS),
    *(Job("7.3", "default", topic=topic, xen=xen.version, xenstored="oxenstored")
      for xen in rig.XENS for topic in ("", "xenstore", "disruption")),
    *(Job("7.3", boot, topic="autoballoon") for boot in ("default", "dom0pvh")),
    Job("6.12", "default"), Job("6.12", "hvm"), Job("6.12", "arm64"),
    Job("6.1", "default"), Job("6.1", "hvm"), Job("6.1", "arm64"),
    Job("7.3"), Job("6.12"), Job("6.1"),
]}


def driver():
    """The commit that the driver's sources are of."""
    def git(*words):
        return subprocess.run(["git", "-C", rig.TOP, *words, "--", *DRIVER],
                              stdout=subprocess.PIPE, text=True).stdout.strip()
    commit = git("log", "-1", "--format=%h", "--abbrev=12") or "not from git"
    return commit + "+changes" * bool(git("status", "--porcelain"))


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="tests/system/matrix", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="jobs: " + " ".join(JOBS))
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--missing", action="store_true", help="only jobs without a result of this driver")
    which.add_argument("--failed", action="store_true",
                       help="only jobs in which a case failed with this driver; if all that did are of one machine, "
                            "that machine alone runs again, and its results take the place of the old ones")
    parser.add_argument("--table", action="store_true", help="print what build/check-all.json has, and stop")
    parser.add_argument("--publish", action="store_true", help="put that into Documentation/results.rst, and stop")
    parser.add_argument("job", nargs="*", metavar="JOB", help="only these (default: all)")
    options = parser.parse_args(argv)
    for name in options.job:
        if name not in JOBS:
            parser.error(f"there is no job {name}: see --help")
    return options


def chosen(options, found, commit):
    def wanted(name):
        ran = found.get(name, {}).get("driver") == commit
        failed = ran and not all(found[name]["cases"].values())
        return not (options.missing and ran) and not (options.failed and not failed)
    return [job for name, job in JOBS.items() if name in (options.job or JOBS) and wanted(name)]


# --- running -----------------------------------------------------------------------

def machine_to_repeat(job, cases, commit):
    """The only one of several machines in which something failed, if there is one."""
    failed = {job.machine_of(case) for case, ok in cases.items() if not ok}
    known = re.fullmatch("[0-9a-f]+", commit)   # other changes look the same
    return failed.pop() if known and len(failed) == 1 and len(job.boots) > 1 else None


def run_job(job, boot=None):
    """Case -> whether it passed; a dash separates guest and case."""
    cases = {}
    for command in job.commands(boot):
        whole = False   # it came to its end, and counted what failed
        process = subprocess.Popen(command, cwd=rig.TOP, env=job.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True, preexec_fn=rig.end_with_parent)
        for line in process.stdout:
            match = LINE.match(line)
            whole = whole or TOTAL.match(line)
            if match:
                ok, guest, case, sentence = match.groups()
                cases[f"{guest}-{case}" if job.boot else sentence.split(" (")[0]] = ok == "ok"
            if match or command[0] == "tools/check-build":
                print(line, end="", flush=True)
        if process.wait() and not (whole and not all(cases.values())):
            cases[" ".join(command[:2])] = False
            print(f"not ok {command[0]} ended with status {process.returncode} (see above)", flush=True)
            break
    return cases


def version(job):
    """The kernel's full version, as its configuration says."""
    if not job.boot:
        return job.kver
    folder, _ = rig.kernel_place(job.flavour, job.machine.arch, job.machine.pages, job.kver)
    found = re.search(r"Linux/\S+ (\S+) Kernel", (folder / "config").read_text()) \
        if (folder / "config").exists() else None
    return found[1] if found else job.kver


def load():
    try:
        return json.loads(RESULTS.read_text())
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError:
        raise rig.Trouble(f"{RESULTS} is damaged: remove it") from None


def save(found):
    RESULTS.parent.mkdir(exist_ok=True)
    new = RESULTS.with_suffix(".new")
    new.write_text(json.dumps(found, indent=1) + "\n")
    new.replace(RESULTS)


# --- tables ------------------------------------------------------------------------

def columns():
    """Topic -> its cases, in the order in which they run; the last are all logs."""
    topics = {path.stem: [case for _, case, _, _ in run.CASE.findall(path.read_text())]
               for path in run.case_files()}
    return {**topics, "logs": ["logs"]}


def rows(found):
    """(Linux, guest, driver, case -> passed), for each guest of each kernel that ran.

    A guest has one row for all jobs of that kernel under the same Xen with the same driver.
    """
    merged = {}
    for name, job in JOBS.items():
        if name not in found:
            continue
        result, linux = found[name], found[name]["linux"] + f", {job.flavour}" * (job.flavour != "ours")
        linux += f", {job.options}" * bool(job.options) + f", Xen {job.xen}" * (job.xen != "4.17")
        linux += f", {job.xenstored}" * (job.xenstored != rig.XENSTOREDS[0])
        cases, begun = result["cases"], False
        for boot in job.boots:
            for guest in run.BOOTS[boot].guests:
                own = {case.removeprefix(f"{guest}-"): ok for case, ok in cases.items()
                       if case.startswith(f"{guest}-") and case != f"{boot}-logs"}
                if own:
                    begun = True
                    row = merged.setdefault((linux, guest, result["driver"]), {"logs": True})
                    logs = row["logs"] and cases.get(f"{boot}-logs", False)
                    row.update({**own, "logs": logs})
        if not begun:
            merged[linux, job.boot or "compiled", result["driver"]] = cases
    for (linux, guest, commit), cases in merged.items():
        yield linux, guest, commit, cases


def table(found):
    """As text: a column for each case, with its name above, from the top down."""
    names = [case for cases in columns().values() for case in cases]
    used = [case for case in names if any(case in cases for *_, cases in rows(found))]
    height = max(map(len, used), default=0)
    for at in range(height):
        yield " " * 30 + " ".join(case.rjust(height)[at] for case in used)
    for linux, guest, _, cases in rows(found):
        if guest == "compiled":
            yield f"{linux:15} {guest:13} {sum(cases.values())} of {len(cases)} configurations"
        else:
            yield f"{linux:15} {guest:13} " + " ".join(SHOWN[cases.get(case)] for case in used)
    yield "+ passed, X failed, . not run, or not for this guest"
    for name, result in found.items():
        for case, ok in result["cases"].items():
            if not ok:
                yield f"failed: {name}: {case}"


def count(cases, wanted):
    ran = [cases[case] for case in wanted if case in cases]
    return "" if not ran else str(len(ran)) if all(ran) else f"{sum(ran)} of {len(ran)}"


def simple_table(lines):
    """Of reStructuredText; the first line is the heading, and each line begins with a cell that is not empty."""
    widths = [max(map(len, cells)) for cells in zip(*lines)]
    heading, *rest = ["  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip() for cells in lines]
    rule = "  ".join("=" * width for width in widths)
    return ["", rule, heading, rule, *rest, rule, ""]


def document(found):
    """A table for each kernel, with a column for each topic that ran: how many of its cases passed."""
    kernels, compiled = {}, []
    for linux, guest, commit, cases in rows(found):
        if guest == "compiled":
            compiled.append([linux, f"{sum(cases.values())} of {len(cases)}", commit])
        else:
            title = run.TITLES[guest].removeprefix("a ").removeprefix("an ") if guest in run.TITLES else guest
            kernels.setdefault(linux, []).append((title, cases, commit))
    for linux, guests in kernels.items():
        topics = {name: wanted for name, wanted in columns().items() if any(count(cases, wanted) for _, cases, _ in guests)}
        yield from ["", f"Linux {linux}", "-" * len(f"Linux {linux}")]
        yield from simple_table([["guest", *topics, "driver"], *(
            [title, *(count(cases, wanted) for wanted in topics.values()), commit] for title, cases, commit in guests)])
    if compiled:
        yield from ["", "Compiled", "--------"]
        yield from simple_table([["Linux", "configurations that passed", "driver"], *compiled])


def publish(found):
    begin, end = map(re.escape, MARKERS)
    text = re.sub("\n\n+", "\n\n", "\n".join(document(found)) + "\n")
    new, changed = re.subn(f"(?<={begin}).*?(?={end})", lambda _: text, DOCUMENT.read_text(), flags=re.DOTALL)
    if changed != 1:
        raise rig.Trouble(f"{DOCUMENT.name} does not have the two markers of the tables")
    DOCUMENT.write_text(new)


def main(argv):
    options, found = parse(argv), load()
    if options.table or options.publish:
        if not found:
            raise rig.Trouble(f"there is no {RESULTS}: run tests/system/matrix")
        if options.publish:
            publish(found)
        else:
            print("\n".join(table(found)))
        return 0
    commit, passed, failed = driver(), 0, 0
    jobs = chosen(options, found, commit)
    if not jobs:
        rig.say("nothing failed" if options.failed else "nothing is missing")
        return 0
    for at, job in enumerate(jobs, 1):
        started, before = time.monotonic(), found[job.name]["cases"] if options.failed else {}
        boot = machine_to_repeat(job, before, commit)
        rig.say(f"{job.name} ({at} of {len(jobs)})" + f", machine {boot}" * bool(boot))
        cases = run_job(job, boot)
        passed, failed = passed + sum(cases.values()), failed + len(cases) - sum(cases.values())
        kept = {case: ok for case, ok in before.items() if boot and job.machine_of(case) != boot}
        found[job.name] = {"linux": version(job), "driver": commit, "seconds": round(time.monotonic() - started),
                           "cases": {**kept, **cases}}
        save(found)
    print("\n".join(table(found)))
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    rig.entry(main)
