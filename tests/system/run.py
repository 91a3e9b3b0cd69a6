# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The system cases: real Xen, real dom0, real guests, in QEMU."""
import argparse
import dataclasses
import os
import re
import time

import daemons
import provoke
import rig
import selftest
from report import Report

# In parentheses: guests that `make check` leaves out, as it runs the case on others.
CASE = re.compile(r"^# (case|extra|debug|distro|lockdep) (\S+) ([a-z0-9 ()]+): (.+)$", re.MULTILINE)
# What makes no sense in a flavour stands before the case, with the reason.
UNFIT = re.compile(r"^# not (\S+) in (\w+): .+$", re.MULTILINE)
EXTRA_S = 1800  # what an extra case may take


@dataclasses.dataclass(frozen=True)
class Boot:
    """One machine and the guests in it, dom0 is one, too."""
    guests: list
    extra: bool = False     # only when asked for
    pv: bool = False        # a guest is PV
    hvm: bool = False
    arch: rig.Arch = rig.X86
    pages: str = "4k"
    limit: int = rig.LIMIT_S

    @property
    def image(self):
        return "dom0-hvm.cpio" if self.hvm else "dom0.cpio"


# Two at the same time.
BOOTS = {
    "pv": Boot(["pv", "grow", "shim", "dom0"], pv=True),
    "pvh": Boot(["pvh", "pod"]),
    "hvm": Boot(["hvm", "headless", "hvmpod"], extra=True, hvm=True, limit=2 * rig.LIMIT_S),
    "dom0pvh": Boot(["pvhdom0"], extra=True, arch=rig.X86_PVH_DOM0, limit=2 * rig.LIMIT_S),
    "arm64": Boot(["arm64", "arm64dom0"], extra=True, arch=rig.ARM64),
    "arm64-64k": Boot(["arm64big", "arm64bigdom0"], extra=True, arch=rig.ARM64, pages="64k"),
}
TITLES = {
    "pv": "a PV guest", "pvh": "a PVH guest", "hvm": "an HVM guest",
    "headless": "an HVM guest without a display",
    "hvmpod": "an HVM guest with populate-on-demand",
    "grow": "a PV guest with memory < maxmem",
    "shim": "a PV guest in the PVH shim",
    "pod": "a PVH guest with populate-on-demand", "dom0": "dom0 itself",
    "pvhdom0": "a PVH dom0 itself",
    "arm64": "an arm64 guest", "arm64dom0": "an arm64 dom0 itself",
    "arm64big": "an arm64 guest with 64 KiB pages",
    "arm64bigdom0": "an arm64 dom0 with 64 KiB pages itself",
}
# What may depend on Xen's version, in little time.
OF_XEN = """
    pv-boots pv-odd grow-moves shim-boots dom0-moves
    pvh-boots pvh-odd pvh-reports pvh-nonsense pod-boots pod-moves
""".split()
RIG_CASES = {
    "rig-fails": "a case that fails is reported",
    "rig-panics": "a guest that panics is reported",
    "rig-silent": "a dom0 that dies without a verdict is an error",
    **selftest.CASES, **provoke.CASES, **daemons.CASES,
}


def case_files():
    return sorted((rig.HERE / "dom0/cases").glob("*.sh"))


@dataclasses.dataclass
class Cases:
    """What there is in dom0/cases, and the rig's own; all by name, guest-case."""
    sentences: dict     # in the order in which they run
    extra: set          # run only when they are named, or their topic is
    whole_only: set         # run with --whole, too
    unfit: set          # cannot run in this flavour
    topics: dict       # the file that it is in


def all_cases():
    flavour, cases = rig.flavour(), Cases({}, set(), set(), set(), {})
    for path in case_files():
        text = path.read_text()
        unfit = {case for case, name in UNFIT.findall(text) if name == flavour.name}
        for kind, case, wanted, sentence in CASE.findall(text):
            for word in wanted.split():
                guest = word.strip("()")
                name = f"{guest}-{case}"
                cases.sentences[name] = f"{TITLES[guest]} {sentence}"
                cases.topics[name] = path.stem
                if kind == "extra":
                    cases.extra.add(name)
                if word != guest:
                    cases.whole_only.add(name)
                if case in unfit or (kind == "debug" and not flavour.checks) or (
                        kind in ("distro", "lockdep") and kind not in flavour.name.split("-")):
                    cases.unfit.add(name)
    order = [guest for boot in BOOTS.values() for guest in boot.guests]
    cases.sentences = dict(sorted(cases.sentences.items(), key=lambda item: order.index(item[0].split("-")[0])))
    cases.sentences.update(RIG_CASES)
    cases.unfit.update(set(provoke.CASES).difference(provoke.fit()))
    cases.extra.update(daemons.CASES)
    cases.topics.update(dict.fromkeys(daemons.CASES, daemons.TOPIC))
    if not flavour.pv:
        cases.unfit.update(daemons.CASES)
    if flavour.checks:
        cases.extra.update(set(RIG_CASES).difference(provoke.CASES))  # the runner is the same
    return cases


def kunit_cases():
    """The driver's KUnit suites and how many cases each has, as the sources say."""
    texts = [path.read_text() for path in sorted((rig.TOP / "tests").glob("*_kunit.c"))]
    return ":".join(re.search(r'\.name = "(\w+)"', text)[1]
                    + f"={len(re.findall(r'KUNIT_CASE[(]', text))}" for text in texts)


def parse(argv, cases):
    extra = [name for name, boot in BOOTS.items() if boot.extra]
    parser = argparse.ArgumentParser(
        prog="tests/system/run", description=__doc__,
        epilog="environment: KERNEL (a bzImage, for arm64 an Image; default: the one `make kernel` left), "
               "KVER (7.3), FLAVOUR (ours, stock, ballooned, lockdep, distro, debug or kasan), XEN (4.17 or 4.20; default: the one of this "
               "machine's release), XENSTORED (xenstored or oxenstored), ACCEL (tcg or kvm), QEMU, SEED (of soak), "
               "OPTIONS (for the command line of guests and dom0). "
               "Logs are left in build/system/latest.")
    parser.add_argument("--list", action="store_true", help="list the cases, with * those that would run, and stop")
    parser.add_argument("--guest", choices=BOOTS,
                        help=f"only this type of guest ({', '.join(extra)} run only if asked for)")
    parser.add_argument("--topic", choices=[path.stem for path in case_files()],
                        help="all cases of a topic, also those that else run only when they are named")
    parser.add_argument("--whole", action="store_true",
                        help="also cases that are left out since they run on another type of guest")
    parser.add_argument("--other-xen", action="store_true",
                        help="some cases that may depend on Xen's version, under the one that is not the default "
                             "or not XEN")
    parser.add_argument("--keep", action="store_true", help="keep the images beside the logs")
    parser.add_argument("case", nargs="*", metavar="CASE",
                        help="only these (see --list)")
    options = parser.parse_args(argv)
    for name in options.case:
        if name not in cases.sentences:
            parser.error(f"there is no case {name}: see --list")
        if options.guest and name.split("-")[0] not in BOOTS[options.guest].guests:
            parser.error(f"--guest {options.guest} has no case {name}: see --list")
    if options.guest:
        boots = [options.guest]
    else:
        boots = [boot for boot in BOOTS if boot not in extra and rig.flavour().pv >= BOOTS[boot].pv]
    guests = sum((BOOTS[boot].guests for boot in boots), [] if options.guest else ["rig", "daemons"])
    stock = os.environ.get("FLAVOUR", "").startswith("stock")    # has not got the driver's KUnit cases
    left_out = set(cases.unfit)
    if not options.topic:
        left_out |= cases.extra if options.whole else cases.extra | cases.whole_only
    wanted = options.case or [name for name in cases.sentences if name.split("-")[0] in guests
                              and name not in left_out
                              and options.topic in (None, cases.topics.get(name))
                              and (name in OF_XEN or not options.other_xen)
                              and not (stock and name.endswith("-kunit"))]
    return options, wanted


def new_folder():
    place = rig.BUILD / "system"
    folder = place / time.strftime(f"%Y%m%d-%H%M%S-{os.getpid()}")
    folder.mkdir(parents=True)
    latest = place / "latest"
    latest.unlink(missing_ok=True)
    latest.symlink_to(folder.name)
    return folder


# --- what a boot showed -------------------------------------------------------------

RESULT = re.compile(r"(ok|not ok) (\S+) \|\s*(.*)")


def judge_boot(machine, wanted, names, report):
    """After the end of a boot: cases that did not answer, the verdict, the logs."""
    results = [RESULT.match(line).groups() for line in machine.lines if RESULT.match(line)]
    answered = {name for _, name, _ in results}
    verdict = machine.verdict()
    for name in wanted:
        if name not in answered:
            why = verdict if isinstance(verdict, str) else "it was left out"
            report.result(False, name, names[name], why)
    counts = tuple(sum(kind == which for kind, _, _ in results) for which in ("ok", "not ok"))
    if not isinstance(verdict, str) and verdict != counts:
        verdict = f"dom0 counts {verdict[0]} passed and {verdict[1]} failed, here arrived {counts}"
    trouble = [f"{log}: {line}" for log, line in machine.trouble()]
    if isinstance(verdict, str):
        trouble.insert(0, verdict)
    report.result(not trouble, f"{machine.name}-logs",
                  f"Xen, dom0 and the guests of boot {machine.name} report no trouble",
                  "\n         ".join(trouble[:6]))


def judge_proof(machine, wanted, report):
    lines, trouble = "\n".join(machine.lines), list(machine.trouble())
    verdict = machine.verdict()
    seen = {
        "rig-fails": ("not ok pv-fails | fails on purpose" in lines, ""),
        "rig-panics": (any(log == "guest-pv" and "Kernel panic" in line
                           for log, line in trouble), ""),
        "rig-silent": (verdict.startswith("Xen or dom0 died") if isinstance(verdict, str)
                       else False, verdict),
    }
    for name in wanted:
        ok, detail = seen[name]
        report.result(ok, name, RIG_CASES[name], detail if ok else f"report: {lines!r}, {verdict}")


def main(argv):
    cases = all_cases()
    options, wanted = parse(argv, cases)
    if options.list:
        for name, sentence in cases.sentences.items():
            print(f"{'*' if name in wanted else ' '} {name:20} {sentence}")
        return 0

    if options.other_xen:
        os.environ["XEN"] = rig.other_xen().version
    xen = rig.find_xen()
    rig.find_xenstored()
    chosen = {}
    for name, boot in BOOTS.items():
        own = [case for case in wanted if case.split("-")[0] in boot.guests]
        if own:
            chosen[name] = own
    rigs = [name for name in wanted if name in RIG_CASES]
    kernels = {name: rig.find_kernel(BOOTS[name].arch, BOOTS[name].pages) for name in chosen}
    if rigs:
        kernels["proof"] = rig.find_kernel()
    dom0 = rig.find_kernel(pv=True) if rig.X86 in map(arch_of, kernels) else None
    for name in kernels:
        rig.find_qemu(arch_of(name))
    folder = new_folder()
    try:
        rig.say(f"preparing images of Xen {xen.version}")
        prepare(kernels, folder, any(name.endswith("-selftest") for name in wanted))
        limits = {name: boot.limit * rig.flavour().slow + EXTRA_S * len(cases.extra.intersection(wanted))
                  for name, boot in BOOTS.items()}
        return run_cases(chosen, rigs, cases.sentences, kernels, dom0, limits, folder)
    finally:
        if not options.keep:
            for place in {shared(name, folder) for name in kernels}:
                for image in ("dom0.cpio", "dom0-hvm.cpio", "xen"):
                    (place / image).unlink(missing_ok=True)


def arch_of(boot):
    return BOOTS[boot].arch if boot in BOOTS else rig.X86


def shared(boot, folder):
    """Where its images are."""
    return folder if arch_of(boot) is rig.X86 else folder / boot


def prepare(kernels, folder, selftest):
    ready = set()
    for name, kernel in kernels.items():
        place, hvm = shared(name, folder), name in BOOTS and BOOTS[name].hvm
        if (place, hvm) not in ready:
            ready.add((place, hvm))
            rig.images(kernel, place, arch_of(name), hvm, selftest)


def run_cases(chosen, rigs, names, kernels, dom0, limits, folder):
    started = time.monotonic()
    report = Report(folder / "report.txt")

    machines, judges = [], []
    for name, cases in chosen.items():
        boot = BOOTS[name]
        kernel = dom0 if boot.arch is rig.X86 else kernels[name]
        machine = rig.Machine(name, folder / name, shared(name, folder), kernel, "cases.sh",
                              image=boot.image, limit=limits[name], arch=boot.arch,
                              cases=":".join(cases), kunit=kunit_cases(),
                              seed=os.environ.get("SEED") or int(time.time()))
        machines.append(machine)
        judges.append(lambda m=machine, c=cases: judge_boot(m, c, names, report))
    provoked = [name for name in rigs if name in provoke.CASES]
    proofs = [name for name in rigs if name not in {**selftest.CASES, **provoke.CASES, **daemons.CASES}]
    if proofs:
        machines.append(rig.Machine("proof", folder / "proof", folder, dom0, "proof.sh"))
        judges.append(lambda m=machines[-1]: judge_proof(m, proofs, report))
    if provoked:
        machines.append(provoke.machine(folder, dom0, provoked))
        judges.append(lambda m=machines[-1]: provoke.judge(m, provoked, report))
    for name in rigs:
        if name in daemons.CASES:
            pair = daemons.machines(folder, dom0, name)
            machines += pair
            judges.append(lambda pair=pair, name=name: daemons.judge(pair, name, report))

    def on_line(machine, line):
        match = RESULT.match(line)
        if match and machine.name in BOOTS:
            kind, name, detail = match.groups()
            report.result(kind == "ok", name, names.get(name, "?"), detail)

    for kernel in sorted(set(kernels.values())):
        rig.say(f"kernel {kernel}")
    rig.say(f"xenstore daemon {rig.find_xenstored()}")
    rig.say(f"logs in {os.path.relpath(folder)}")
    rig.run(machines, on_line)
    for judge in judges:
        judge()
    for name in selftest.CASES:
        if name in rigs:
            ok, detail = selftest.run(name, folder, kernels["proof"])
            report.result(ok, name, RIG_CASES[name], detail)
    rig.say(f"took {time.monotonic() - started:.0f} s; logs in {os.path.relpath(folder)}")
    return report.total()


if __name__ == "__main__":
    rig.entry(main)
