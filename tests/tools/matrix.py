# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The tables of tests/system/matrix, and what it does when a job fails; which Xen is booted."""
import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path

os.environ.pop("FLAVOUR", None)     # which cases there are depends on it
os.environ.pop("XEN", None)
TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/system"))
import matrix  # noqa: E402
import rig     # noqa: E402
import suite   # noqa: E402

PASSED = {"pv-down": True, "pv-up": True, "pv-logs": True, "dom0-boots": True, "rig-fails": True}


def result(cases, driver="abc"):
    return {"linux": "7.3.4", "driver": driver, "seconds": 3, "cases": cases}


def row(text, guest):
    return next((line for line in text if guest in line.split()), "")


def each_guest_of_a_job_has_a_row_and_shares_the_logs_of_its_machine():
    found = {"7.3": result(PASSED)}
    rows = {guest: cases for _, guest, _, cases in matrix.rows(found)}
    assert rows == {"pv": {"down": True, "up": True, "logs": True},
                    "dom0": {"boots": True, "logs": True}}, rows


def jobs_of_the_same_kernel_share_a_row_as_long_as_the_driver_is_the_same():
    weather = {"pv-saved": True, "pv-logs": False}
    rows = [(guest, cases) for _, guest, _, cases in matrix.rows(
        {"7.3": result(PASSED), "7.3-weather": result(weather)}) if guest == "pv"]
    assert rows == [("pv", {"down": True, "up": True, "saved": True, "logs": False})], rows
    rows = [guest for _, guest, _, _ in matrix.rows(
        {"7.3": result(PASSED), "7.3-weather": result(weather, "def")}) if guest == "pv"]
    assert rows == ["pv", "pv"], rows


def a_machine_with_a_dash_in_its_name_has_its_own_logs():
    found = {"7.3-arm64-64k": result({"arm64big-boots": True, "arm64-64k-logs": False})}
    rows = [(guest, cases) for _, guest, _, cases in matrix.rows(found)]
    assert rows == [("arm64big", {"boots": True, "logs": False})], rows


def a_failed_case_is_seen_in_both_tables():
    found = {"7.3": result({**PASSED, "pv-up": False})}
    text = list(matrix.table(found))
    assert " X " in row(text, "pv") and " X " not in row(text, "dom0"), text
    assert "failed: 7.3: pv-up" in text, text
    assert any("1 of 2" in line for line in matrix.markdown(found)), list(matrix.markdown(found))


def a_kernel_that_does_not_build_is_a_failure():
    def broken(job, boot):
        return [["false"], ["true"]]
    job, kept = matrix.JOBS["7.3"], matrix.Job.commands
    matrix.Job.commands = broken
    try:
        cases = matrix.run_job(job)
    finally:
        matrix.Job.commands = kept
    assert cases == {"false": False}, cases
    assert "7.3.4" in row(list(matrix.table({"7.3": result(cases)})), "default")


def a_suite_that_ends_badly_is_a_failure_whatever_failed_before():
    kept, seen = matrix.Job.commands, []
    for script in ("echo 'ok    pv-down: shrinks'; exit 3",
                   "echo 'ok    pv-down: shrinks'; echo '1 passed, 0 failed'; exit 3",
                   "echo 'not ok pv-down: shrinks'; exit 3",
                   "echo 'not ok pv-down: shrinks'; echo '0 passed, 1 failed'; exit 1"):
        matrix.Job.commands = lambda job, boot, script=script: [["sh", "-c", script]]
        try:
            seen.append(matrix.run_job(matrix.JOBS["7.3"]))
        finally:
            matrix.Job.commands = kept
    assert seen == [{"pv-down": True, "sh -c": False}, {"pv-down": True, "sh -c": False},
                    {"pv-down": False, "sh -c": False}, {"pv-down": False}], seen


def configurations_of_a_tree_are_counted():
    found = {"6.1-build": result({"everything on": True, "by clang": False})}
    assert any("1 of 2 configurations" in line for line in matrix.table(found))


def names_of(argv, found):
    return [job.name for job in matrix.chosen(matrix.parse(argv), found, "0ed")]


def only_what_has_no_result_of_this_driver_is_missing():
    found = {"7.3": result(PASSED, "old"), "6.1": result(PASSED, "0ed")}
    names = names_of(["--missing"], found)
    assert "7.3" in names and "6.1" not in names and len(names) == len(matrix.JOBS) - 1, names
    assert names_of(["6.1"], found) == ["6.1"]


def only_the_machine_that_failed_runs_again_and_the_others_keep_their_results():
    of_pv = {"pv-saved": True, "grow-savedgrown": True, "pv-logs": True}
    cases = {**of_pv, "pvh-saved": False, "pvh-first": True, "pod-first": False, "pvh-logs": False}
    again = {"pvh-saved": True, "pvh-first": False, "pvh-logs": True}
    found = {"7.3-weather": result(cases, "0ed"), "6.1": result(PASSED, "0ed"), "6.12": result({"pv-up": False}, "old")}
    assert names_of(["--failed"], found) == ["7.3-weather"], names_of(["--failed"], found)
    job, asked, kept = matrix.JOBS["7.3-weather"], [], (matrix.RESULTS, matrix.run_job, matrix.driver)
    assert job.commands("pvh")[-1] == ["tests/system/run", "--guest", "pvh", "--matter", "weather"]

    def runs(job, boot):
        asked.append((job.name, boot))
        return again
    with tempfile.TemporaryDirectory() as folder:
        matrix.RESULTS, matrix.run_job, matrix.driver = Path(folder) / "check-all.json", runs, lambda: "0ed"
        try:
            matrix.save(found)
            matrix.main(["--failed"])
            assert matrix.load()["7.3-weather"]["cases"] == {**of_pv, **again}, matrix.load()
            matrix.save({"6.1": result(PASSED, "0ed")})
            assert matrix.main(["--failed"]) == 0
        finally:
            matrix.RESULTS, matrix.run_job, matrix.driver = kept
    assert asked == [("7.3-weather", "pvh")], asked


def all_of_a_job_runs_again_when_two_machines_failed_or_what_is_of_none():
    def repeated(name, cases, commit="0ed"):
        return matrix.machine_to_repeat(matrix.JOBS[name], cases, commit)
    assert repeated("7.3", {"pv-up": True, "pod-moves": False}) == "pvh"
    assert repeated("7.3", {"pv-up": True, "pod-moves": False}, "0ed+changes") is None
    assert repeated("7.3", {"grow-moves": False, "pvh-logs": False}) is None
    assert repeated("7.3", {"rig-fails": False}) is None
    assert repeated("7.3", {"rig-fails": False, "pv-up": False}) is None
    assert repeated("7.3", {"pvh-up": False, "tests/system/run --whole": False}) is None
    assert repeated("7.3-arm64-64k", {"arm64-64k-logs": False}) is None
    assert repeated("6.1-build", {"by clang": False}) is None


def a_job_of_a_whole_kernel_runs_the_cases_that_make_check_spares_too():
    cases = suite.all_cases()
    usual, whole, grown = (set(suite.parse(argv, cases)[1]) for argv in ([], ["--whole"], ["--guest", "pvh", "--whole"]))
    assert cases.spared and whole - usual == cases.spared - cases.extra, whole ^ usual
    assert usual < whole and not cases.extra & whole, usual - whole
    assert "pvh-writes" in grown - usual and "pv-writes" not in grown, grown
    assert "--whole" in matrix.JOBS["6.12"].commands()[-1] and "--whole" not in matrix.JOBS["7.3-soak"].commands()[-1]


def a_job_under_another_xen_has_a_row_of_its_own_and_says_which():
    found = {"7.3": result(PASSED), "7.3-xen4.20": result({"pv-down": False, "pv-logs": True})}
    rows = [(linux, cases["down"]) for linux, guest, _, cases in matrix.rows(found) if guest == "pv"]
    assert rows == [("7.3.4", True), ("7.3.4, Xen 4.20", False)], rows
    for name, version in (("7.3", "4.17"), ("7.3-xen4.20", "4.20"), ("6.1-arm64", "4.17")):
        assert matrix.JOBS[name].environment()["XEN"] == version, name


@contextlib.contextmanager
def environment(suite_=None, **words):
    """With these variables, on a machine with that release of Debian."""
    kept, old = rig.machine_suite, dict(os.environ)
    rig.machine_suite = lambda: suite_
    os.environ.update(words)
    try:
        yield
    finally:
        rig.machine_suite = kept
        os.environ.clear()
        os.environ.update(old)


def xen_is_the_one_of_the_machines_release_unless_another_is_named():
    for suite_, words, usual, other in (("bookworm", {}, "4.17", "4.20"), ("trixie", {}, "4.20", "4.17"),
                                        ("forky", {}, "4.20", "4.17"), ("", {"XEN": ""}, "4.20", "4.17"),
                                        ("bookworm", {"XEN": "4.20"}, "4.20", "4.17"),
                                        ("trixie", {"XEN": "4.17"}, "4.17", "4.20")):
        with environment(suite_, **words):
            assert (rig.find_xen().version, rig.other_xen().version) == (usual, other), (suite_, words)


def a_xen_that_is_not_known_is_one_line_that_names_those_that_are():
    for wanted in ("4.19", "4.2", "4.20.4", "xen-4.17", "4.17 "):
        with environment(XEN=wanted):
            try:
                rig.find_xen()
            except rig.Trouble as trouble:
                assert str(trouble) == f"XEN={wanted} is not known: use 4.17 or 4.20", trouble
            else:
                raise AssertionError(f"{wanted} is taken")


def packages_and_files_have_the_names_of_xens_version():
    old, new = (xen.names(rig.X86.packages, rig.PACKAGES, rig.HVM_PACKAGES, rig.PROGRAMS) for xen in rig.XENS)
    assert {"xen-hypervisor-4.17-amd64", "libxenmisc4.17", "libssl3", "usr/lib/xen-4.17/bin/xl"} <= set(old), old
    assert {"xen-hypervisor-4.20-amd64", "libxenmisc4.20", "libssl3t64", "usr/lib/xen-4.20/bin/xl"} <= set(new), new


def a_file_is_found_whether_its_packages_have_a_bin_of_their_own_or_not():
    with tempfile.TemporaryDirectory() as folder:
        packages = Path(folder)
        for place in ("usr/bin", "bin"):
            (packages / place).mkdir(parents=True)
            (packages / place / "busybox").touch()
            assert rig.unpacked(packages, "bin/busybox") == packages / place / "busybox", place


def what_runs_under_the_other_xen_are_cases_that_make_check_has():
    cases = suite.all_cases()
    usual, other = (set(suite.parse(argv, cases)[1]) for argv in ([], ["--other-xen"]))
    assert other == set(suite.OF_XEN) and other <= usual, other - usual
    assert suite.parse(["--other-xen", "--guest", "pvh"], cases)[1] == [
        name for name in suite.OF_XEN if name.startswith("p") and not name.startswith("pv-")]


def no_results_are_one_line_and_leave_readme_as_it_is():
    kept = matrix.RESULTS, matrix.README
    with tempfile.TemporaryDirectory() as folder:
        matrix.RESULTS, matrix.README = Path(folder) / "check-all.json", Path(folder) / "README.md"
        matrix.README.write_text("".join(matrix.MARKERS))
        try:
            for option in ("--table", "--readme"):
                try:
                    matrix.main([option])
                except rig.Trouble as trouble:
                    assert "run tests/system/matrix" in str(trouble), trouble
                else:
                    raise AssertionError(f"{option} has nothing to show, and says nothing")
            assert matrix.README.read_text() == "".join(matrix.MARKERS)
        finally:
            matrix.RESULTS, matrix.README = kept


def a_damaged_file_of_results_is_one_line():
    with tempfile.TemporaryDirectory() as folder:
        kept, matrix.RESULTS = matrix.RESULTS, Path(folder) / "x.json"
        try:
            assert matrix.load() == {}
            matrix.save({"7.3": result(PASSED)})
            assert matrix.load()["7.3"]["cases"] == PASSED
            matrix.RESULTS.write_text("{")
            try:
                matrix.load()
            except rig.Trouble:
                return
            raise AssertionError("it is taken as it is")
        finally:
            matrix.RESULTS = kept


TESTS = [item for name, item in list(globals().items()) if callable(item) and name.count("_") > 2]
failed = 0
for test in TESTS:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            test()
        error = ""
    except (AssertionError, LookupError, ValueError, OSError) as caught:
        error = repr(caught)
    failed += bool(error)
    print(f"{'not ok' if error else 'ok'} - {test.__name__.replace('_', ' ')}" + f"\n    {error}" * bool(error))
print(f"{len(TESTS) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
