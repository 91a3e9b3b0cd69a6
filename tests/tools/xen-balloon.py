# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""tools/xen-balloon, built with sanitizers, against files that pretend to be the
driver's; one of them moves in the background. The real driver is in tests/system."""
import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
TOOL = TOP / "tools/xen-balloon"
PLACE = "sys/devices/system/xen_memory/xen_memory0"
SANITIZERS = "-fsanitize=address,undefined -fno-sanitize-recover=all"
REACHED, FAILED, USAGE, NO_DRIVER, NO_PERMISSION, AT_FLOOR, XEN_REFUSES, NONE_TO_SPARE, NO_ROOM, \
    TIMED_OUT, REPLACED = range(11)
MEMINFO = {"MemTotal": 500000, "MemFree": 300000, "MemAvailable": 250000, "Buffers": 1}


class Guest:
    """A guest of 512 MiB whose balloon is as empty or as full as its files say. Without
    `state`, as with other drivers, unless a test gives one."""

    def __init__(self, **changes):
        files = {"target_kb": 524288, "current_kb": 524288, "low_kb": 0, "high_kb": 0,
                 "quarantined_kb": 0, "floor_kb": 98304, "retry_count": 1, "max_retry_count": 4,
                 "schedule_delay": 1, "max_schedule_delay": 32, "scrub_pages": 1, **changes}
        self.root = Path(tempfile.mkdtemp(dir=SCRATCH))
        self.files = self.root / PLACE
        (self.files / "info").mkdir(parents=True)
        (self.root / "proc").mkdir()
        (self.root / "proc/meminfo").write_text(
            "".join(f"{name}: {kb:>14} kB\n" for name, kb in MEMINFO.items()) + "HugePages_Total: 0\n")
        (self.files / "target").write_text("")
        for name, number in files.items():
            if number is not None:
                self.put(name, number)

    def put(self, name, number):
        """At once: nobody reads half a number."""
        folder = self.files / "info" if name in (
            "state", "current_kb", "low_kb", "high_kb", "quarantined_kb") else self.files
        (folder / "new").write_text(f"{number}\n")
        (folder / "new").rename(folder / name)

    def driven(self, steps):
        """Takes the steps, (file, number) or seconds, as soon as the target is written."""
        def drive():
            while not (self.files / "target").read_text():
                time.sleep(0.01)
            for step in steps:
                if isinstance(step, tuple):
                    self.put(*step)
                else:
                    time.sleep(step)
        threading.Thread(target=drive, daemon=True).start()
        return self

    def command(self, *words):
        return [PROGRAM, "--root", str(self.root), *words]

    def run(self, *words, **options):
        done = subprocess.run(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60, env=environment(), **options)
        expect("runtime error" not in done.stderr and "Sanitizer" not in done.stderr, done.stderr)
        return done


@contextlib.contextmanager
def started(command_):
    """A process that is ended after 30 s, so that nobody waits for ever."""
    with subprocess.Popen(command_, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=environment()) as process:
        timer = threading.Timer(30, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()


def environment(**more):
    return {"PATH": os.environ["PATH"], "TERM": "xterm", "ASAN_OPTIONS": "exitcode=99",
            "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1", **more}


def expect(good, *seen):
    if not good:
        raise AssertionError(" ".join(map(str, seen)))


def expect_exit(done, status, text=None):
    expect(done.returncode == status, f"exit status {done.returncode}, not {status}:",
           done.stdout, done.stderr)
    expect(text is None or text in done.stderr, f"{text!r} was expected in:", done.stderr)


def moving(start, end, step_kb=16384, every_s=0.05):
    for kb in range(start, end, step_kb if end > start else -step_kb):
        yield "current_kb", kb
        yield every_s
    yield "current_kb", end


# --- a terminal that keeps lines whole when its window becomes narrower --------------------

class Terminal:
    """What is on the screen after what a program has written."""
    PART = re.compile(r"\r|\n|\033\[(\d*)([FKJ])|\033\[[\d;]*m|[^\r\n\033]+")

    def __init__(self, columns):
        self.columns, self.lines, self.row, self.col = columns, ["before", ""], 1, 0

    def write(self, text):
        end = 0
        for part in self.PART.finditer(text):
            expect(part.start() == end, "unknown control sequence:", repr(text[end:end + 20]))
            end = part.end()
            self.take(part)
        expect(end == len(text), "unknown control sequence:", repr(text[end:end + 20]))

    def take(self, part):
        text, verb, line = part.group(), part.group(2), self.lines[self.row]
        if text == "\r":
            self.col = 0
        elif text == "\n":
            self.row, self.col = self.row + 1, 0
            if self.row == len(self.lines):
                self.lines.append("")
        elif verb == "F":
            self.up(int(part.group(1)))
        elif verb == "K":
            self.lines[self.row] = line[:self.col]
        elif verb == "J":
            expect(self.col == 0, "erases from within a line")
            self.lines[self.row:] = [""]
        elif text[0] != "\033":
            expect(self.col + len(text) < self.columns, "too wide:", text)
            self.lines[self.row] = line[:self.col] + text + line[self.col + len(text):]
            self.col += len(text)

    def up(self, rows):
        while rows > 0:
            self.row -= 1
            rows -= max(1, -(-len(self.lines[self.row]) // self.columns))
        expect(rows == 0 and self.row >= 1, "goes up to a wrong row:", self.lines)
        self.col = 0


class Session:
    """A program on a terminal of its own."""
    running = set()

    def __init__(self, command, columns=80, **variables):
        self.screen, self.all = Terminal(columns), ""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            self.resize(columns, fd=0)
            os.execve(command[0], command, environment(**variables))
        self.running.add(self.pid)
        self._rest = b""

    def resize(self, columns, fd=None):
        fcntl.ioctl(self.master if fd is None else fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, columns, 0, 0))

    def read(self, seconds, until=lambda: False):
        """True when `until` holds, False when the program has ended or time is over."""
        end = time.monotonic() + seconds
        while not until():
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                return until()
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return until()
            # Whole frames only, so whole characters and sequences.
            whole, mark, self._rest = (self._rest + data).rpartition(b"\n")
            text = (whole + mark).decode().replace("\r\n", "\n")
            self.all += text
            self.screen.write(text)
        return True

    def whole(self):
        """Whether the last frame has come to its end."""
        return self._rest.endswith(b"\033[J")

    def key(self, key):
        os.write(self.master, key)

    def end(self):
        """The status, once it has written its last."""
        self.read(10)
        os.kill(self.pid, signal.SIGKILL)       # does nothing to one that ends by itself
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.running.remove(self.pid)
        self.all += self._rest.decode()
        os.close(self.master)
        expect("runtime error" not in self.all and "Sanitizer" not in self.all, self.all)
        return status


# --- status ---------------------------------------------------------------------------

def status_shows_what_was_asked_what_there_is_and_the_floor():
    done = Guest(target_kb=262144, current_kb=393216, low_kb=100000, high_kb=31072).run("status")
    expect_exit(done, 0)
    words = {line.split()[0]: line.split()[1:3] for line in done.stdout.splitlines()}
    expect(words == {"asked": ["256.00", "MiB"], "has": ["384.00", "MiB"], "free": ["292.97", "MiB"],
                     "available": ["244.14", "MiB"], "floor": ["96.00", "MiB"],
                     "ballooned": ["128.00", "MiB"]}, done.stdout)
    expect("to shrink by 128.00 MiB" in done.stdout, done.stdout)


def status_says_where_the_guest_stands():
    for changes, word, text in (
            ({}, "settled", "at its target"),
            ({"current_kb": 262144}, "moving", "to grow by 256.00 MiB, moving"),
            ({"current_kb": 262144, "state": "stopped"}, "stopped", "to grow by 256.00 MiB, stopped"),
            ({"current_kb": 262144, "state": "waiting"}, "waiting", "to grow by 256.00 MiB, waiting"),
            ({"target_kb": 4096, "current_kb": 98304}, "moving", "at its floor, the target is 92.00 MiB below"),
            ({"target_kb": 4096, "current_kb": 98308}, "moving", "to shrink by"),
            ({"target_kb": 4096, "current_kb": 98304, "floor_kb": None}, "moving", "to shrink by"),
            ({"current_kb": 262144, "retry_count": 3}, "short", "short of memory, try 3"),
            ({"current_kb": 262144, "state": "short"}, "short", "short of memory, try 1"),
            ({"current_kb": 262144, "retry_count": 3, "state": "moving"}, "moving", "256.00 MiB, moving"),
            ({"target_kb": 32 << 20}, "moving", "grow by 31.50 GiB")):
        guest = Guest(**changes)
        expect(json.loads(guest.run("status", "--json").stdout)["state"] == word, changes)
        expect(text in guest.run("status").stdout, text, guest.run("status").stdout)


def json_has_each_file_as_a_number():
    files = {"target_kb": 262144, "current_kb": 393216, "low_kb": 131072, "high_kb": 7, "floor_kb": 1,
             "quarantined_kb": 4, "retry_count": 2, "max_retry_count": 0, "schedule_delay": 8,
             "max_schedule_delay": 86400, "scrub_pages": 0, "deflate_on_oom": 1}
    done = Guest(**files).run("status", "-j")
    expect_exit(done, 0)
    memory = {f"mem_{kind}_kb": MEMINFO[f"Mem{kind.title()}"] for kind in ("total", "free", "available")}
    got = json.loads(done.stdout)
    expect(got == {**files, **memory, "state": "short"}, got)


def json_says_null_of_what_the_stock_driver_does_not_have():
    guest = Guest(floor_kb=None, quarantined_kb=None)
    (guest.root / "proc/meminfo").unlink()
    got = json.loads(guest.run("status", "-j").stdout)
    unknown = {name for name, value in got.items() if value is None}
    expect(unknown == {"floor_kb", "quarantined_kb", "deflate_on_oom", "mem_total_kb", "mem_free_kb",
                       "mem_available_kb"}, got)
    done = guest.run("status")
    expect_exit(done, 0)
    expect("floor" not in done.stdout and "free" not in done.stdout, done.stdout)


def files_that_hold_no_number_are_not_taken_for_one():
    for value in ("garbage", "-1", "", "12x", "99999999999999999999999"):
        guest = Guest(floor_kb=value)
        expect(json.loads(guest.run("status", "-j").stdout)["floor_kb"] is None, value)
        expect_exit(Guest(current_kb=value).run("status"), FAILED, "does not tell")


def the_sizes_are_all_that_a_root_must_hold():
    guest = Guest(**{name: None for name in ("low_kb", "high_kb", "quarantined_kb", "floor_kb", "retry_count",
                                             "max_retry_count", "schedule_delay", "max_schedule_delay",
                                             "scrub_pages")})
    (guest.root / "proc/meminfo").unlink()
    done = guest.run("status")
    expect_exit(done, REACHED)
    expect("512.00 MiB" in done.stdout, done.stdout)
    (guest.files / "info/current_kb").unlink()
    expect_exit(guest.run("status"), FAILED, "does not tell the guest's size")


def without_a_driver_it_says_so():
    guest = Guest()
    (guest.root / PLACE).rename(guest.root / "elsewhere")
    for words in (["status"], ["status", "--json"], ["watch"], ["set", "1G"]):
        expect_exit(guest.run(*words), NO_DRIVER, "no balloon driver")


def what_is_no_size_is_said_without_a_driver_too():
    guest = Guest()
    (guest.root / PLACE).rename(guest.root / "elsewhere")
    expect_exit(guest.run("set", "abc"), USAGE, "'abc' is no size")


def what_cannot_be_written_is_an_error():
    with open("/dev/full", "w") as full:
        done = subprocess.run(Guest().command("status"), stdout=full, stderr=subprocess.PIPE,
                              text=True, env=environment())
    expect(done.returncode == FAILED and "standard output" in done.stderr, done)


# --- watch ----------------------------------------------------------------------------

def watch_prints_lines_if_not_on_a_terminal_and_ends_on_an_interrupt():
    guest = Guest(target_kb=262144, current_kb=393216)
    with started(guest.command("watch", "--interval", "0.05")) as process:
        lines = [process.stdout.readline() for _ in range(3)]
        guest.put("current_kb", 262144)
        while "at its target" not in lines[-1]:
            expect(lines[-1], "it does not say that the target is reached:", lines)
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    expect(process.returncode == 0 and not errors, process.returncode, errors)
    expect(lines[0] == "asked 256.00 MiB  has 384.00 MiB  free 292.97 MiB  to shrink by 128.00 MiB, moving\n",
           lines)
    expect("\033" not in "".join(lines), lines)


def watch_ends_with_its_reader():
    guest = Guest()
    with started(guest.command("watch", "-i", "0.05")) as process:
        process.stdout.readline()
        process.stdout.close()
        expect(process.wait(timeout=10) == -signal.SIGPIPE, process.returncode)


def frame(session):
    return session.screen.lines[1:4]


def watch_draws_in_place_on_a_terminal():
    guest = Guest(target_kb=262144, low_kb=0)
    session = Session(guest.command("watch", "-i", "0.05"), columns=61, LANG="C.UTF-8")
    expect(session.read(10, lambda: "shrink" in session.screen.lines[-2]), session.all)
    # Of 60 columns 300000 KiB of 524288 are free, the rest is used; 30 are asked.
    expect(frame(session)[0] == "█" * 26 + "▒" * 4 + "┃" + "▒" * 29, session.screen.lines)
    guest.put("low_kb", 131072)
    guest.put("current_kb", 393216)
    expect(session.read(10, lambda: frame(session)[0] == "█" * 11 + "▒" * 19 + "┃" + "▒" * 14 + "·" * 15),
           session.screen.lines)
    expect(session.read(10, lambda: "MiB/s: " in frame(session)[2]), session.screen.lines)
    guest.put("low_kb", 262144)
    guest.put("current_kb", 262144)
    expect(session.read(10, lambda: frame(session)[2] == "at its target"), session.screen.lines)
    expect(session.screen.lines[0] == "before" and session.screen.lines[4:] == [""], session.screen.lines)
    session.key(b"\x03")
    expect(session.end() == 0, "ended with an error")
    expect(session.all.endswith("\r\033[K"), repr(session.all[-20:]))


def watch_follows_the_window_when_it_changes():
    guest = Guest(target_kb=262144)
    session = Session(guest.command("watch", "-i", "600"), columns=100)
    expect(session.read(10, lambda: len(frame(session)[0]) == 99 and session.whole()), session.all)
    for columns in (40, 30, 120, 1, 50):
        session.screen.columns = max(columns, 12)
        session.resize(columns)
        width = min(max(columns, 12) - 1, 100)
        expect(session.read(10, lambda: len(session.screen.lines[1]) == width and session.whole()),
               columns, session.screen.lines)
        expect(session.screen.lines[0] == "before" and session.screen.lines[4:] == [""],
               columns, session.screen.lines)
    session.key(b"\x03")
    expect(session.end() == 0, "ended with an error")


def colours_and_block_characters_are_as_the_environment_says():
    guest = Guest(target_kb=262144, current_kb=393216, low_kb=131072)

    def output(**variables):
        session = Session(guest.command("status"), columns=80, **variables)
        expect(session.end() == 0, session.all)
        return session.all

    expect("\033[34m#" in output() and "\033[1;33m|" in output(), repr(output()))
    expect("\033[34m█" in output(LANG="de_DE.UTF-8"), "no UTF-8")
    expect("█" not in output(LANG="de_DE.utf8", LC_ALL="C"), "LC_ALL comes first")
    plain = output(NO_COLOR="1")
    expect("\033" not in plain and "####" in plain and "...." in plain, repr(plain))
    expect("#" not in output(TERM="dumb"), "a dumb terminal gets a bar")
    guest = Guest()
    expect("=|\n" in output(NO_COLOR="1"), "a target of all memory is not at the end of the bar")


# --- set ------------------------------------------------------------------------------

def set_waits_until_the_guest_has_its_size():
    for size, kb in (("268435456", 262144), ("262144K", 262144), ("256M", 262144), ("256m", 262144),
                     ("1G", 1048576), ("300001K", 300000), ("268439551", 262144)):
        guest = Guest(target_kb=kb, low_kb=4).driven([0.2, ("current_kb", 300004), 0.2, ("current_kb", kb)])
        begun = time.monotonic()
        done = guest.run("set", size)
        expect_exit(done, REACHED)
        expect(time.monotonic() - begun > 0.4, "it did not wait")
        expect(re.fullmatch(rf"has {kb / 1024:.2f} MiB, in \d\.\d s\n", done.stdout), size, done.stdout)
        shift = {"K": 10, "M": 20, "m": 20, "G": 30}.get(size[-1], 0)
        bytes_ = int(size[:-1] if shift else size) << shift
        expect((guest.files / "target").read_text() == f"{bytes_}\n", size)


def set_prints_its_progress_once_a_second_if_not_on_a_terminal():
    guest = Guest(target_kb=262144).driven(moving(524288, 262144, every_s=0.1))
    done = guest.run("set", "256M")
    expect_exit(done, REACHED)
    lines = done.stdout.splitlines()
    seconds = float(re.fullmatch(r"has 256.00 MiB, in (\d+\.\d) s", lines[-1])[1])
    expect(2 <= len(lines) <= seconds + 2 and " MiB/s: " in lines[0] and " left" in lines[0], lines)
    guest = Guest(target_kb=262144).driven(moving(524288, 262144, every_s=0.1))
    done = guest.run("set", "--quiet", "256M")
    expect_exit(done, REACHED)
    expect(not done.stdout and not done.stderr, done)


def set_draws_its_progress_on_a_terminal():
    guest = Guest(target_kb=262144).driven(moving(524288, 262144))
    session = Session(guest.command("set", "256M"), LANG="C.UTF-8")
    seen = []
    expect(session.read(10, lambda: seen.append(list(session.screen.lines)) or "has 256.00 MiB, in"
                        in session.screen.lines[-2]), session.screen.lines)
    expect(any(" left" in lines[-2] for lines in seen), seen[-1])
    expect(session.end() == 0, "ended with an error")
    expect(session.screen.lines[0] == "before" and len(session.screen.lines) == 6, session.screen.lines)


def set_need_not_wait():
    guest = Guest()
    done = guest.run("set", "--no-wait", "256M")
    expect_exit(done, REACHED)
    expect((guest.files / "target").read_text() == "268435456\n" and not done.stdout, done.stdout)


def set_tells_the_floor():
    guest = Guest(target_kb=4096).driven(moving(524288, 98304, 65536))
    expect_exit(guest.run("set", "4M"), AT_FLOOR, "stopped at 96.00 MiB: the floor")


def set_tells_that_xen_gives_no_more():
    guest = Guest(current_kb=262144, low_kb=262144)
    guest.driven([("current_kb", 300000), 0.3, ("retry_count", 2), 0.3, ("retry_count", 3), 0.3,
                  ("current_kb", 310000), ("retry_count", 1), 0.3, ("retry_count", 2), 0.5, ("retry_count", 1)])
    begun = time.monotonic()
    expect_exit(guest.run("set", "512M"), XEN_REFUSES, "stopped at 302.73 MiB of 512.00 MiB: Xen gives no more")
    expect(time.monotonic() - begun < 7, "waits after the driver gave up")


def set_tells_that_the_guest_can_spare_no_more():
    guest = Guest(target_kb=131072)
    guest.driven([("current_kb", 262144), 0.3, ("retry_count", 2), 0.5, ("retry_count", 1)])
    expect_exit(guest.run("set", "128M"), NONE_TO_SPARE, "no more to spare (available: 244.14 MiB)")


def set_tells_that_there_is_no_place_for_more():
    # The driver waits for hotplugged memory without a word: five seconds of silence.
    expect_exit(Guest(target_kb=1048576).run("set", "1G"), NO_ROOM, "no place for more")
    # Without memory hotplug it corrects the target.
    guest = Guest(target_kb=1048576, current_kb=262144, low_kb=262144)
    guest.driven([("low_kb", 0), ("current_kb", 524288), 0.3, ("target_kb", 524288)])
    expect_exit(guest.run("set", "1G"), NO_ROOM, "stopped at 512.00 MiB of 1024.00 MiB")


def set_believes_a_driver_that_says_that_it_has_stopped_or_tries_again():
    guest = Guest(target_kb=131072, state="moving", max_retry_count=1)
    guest.driven([("current_kb", 262144), 0.3, ("state", "stopped")])
    begun = time.monotonic()
    expect_exit(guest.run("set", "128M"), NONE_TO_SPARE, "no more to spare")
    expect(time.monotonic() - begun < 4, "waits after the driver has stopped")
    guest = Guest(target_kb=131072, state="moving")
    guest.driven([0.3, ("state", "short"), 6, ("current_kb", 131072), ("state", "settled")])
    expect_exit(guest.run("set", "128M"), REACHED)


def set_is_patient_while_anything_changes():
    guest = Guest(target_kb=262144)
    guest.driven([3, ("current_kb", 300000), 3, ("current_kb", 290000), 3, ("current_kb", 262144)])
    expect_exit(guest.run("set", "256M"), REACHED)


def set_tells_of_another_target():
    guest = Guest(target_kb=262144).driven([0.3, ("current_kb", 400000), ("target_kb", 393216)])
    expect_exit(guest.run("set", "256M"), REPLACED, "the target is now 384.00 MiB")


def set_ends_after_its_timeout():
    begun = time.monotonic()
    expect_exit(Guest(target_kb=262144).run("set", "-t", "0.5", "256M"), TIMED_OUT,
                "has 512.00 MiB, the target stays 256.00 MiB")
    expect(0.5 <= time.monotonic() - begun, "it did not wait")


def set_without_permission_says_so():
    guest = Guest()
    (guest.files / "target").chmod(0o444)
    (guest.files / "target").write_text("") if os.getuid() else None

    def nobody():
        os.setgid(65534)
        os.setuid(65534)

    for place in (SCRATCH, guest.root, Path(PROGRAM)):
        place.chmod(0o755)
    options = {"preexec_fn": nobody} if os.getuid() == 0 else {}
    expect_exit(guest.run("set", "256M", **options), NO_PERMISSION, "only root")
    expect_exit(guest.run("status", **options), REACHED)


def set_tells_other_errors():
    guest = Guest()
    (guest.files / "target").unlink()
    (guest.files / "target").symlink_to("/dev/full")
    expect_exit(guest.run("set", "256M"), FAILED, "No space left")


def an_interrupted_set_says_that_the_target_stays():
    guest = Guest(target_kb=262144)
    with started(guest.command("set", "256M")) as process:
        process.stdout.readline()       # the first line of progress
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    expect(process.returncode == -signal.SIGINT, process.returncode)
    expect("the target stays 256.00 MiB" in errors, errors)


def what_is_no_size_is_refused_and_nothing_is_written():
    guest = Guest()
    for size in ("", " ", "garbage", "-1", "-1G", "+1G", " 1G", "1G ", "1.5G", "1GG", "1GiB", "2X", "0x10G", "G",
                 "1e9", "2 G", "0", "0G", "1023K", "4096", "99999999999999999999999", "16777216T", "16385P",
                 "18446744073709551615K", "18446744073709551616", "16384P", "1G\n", "１G"):
        done = guest.run("set", "--", size)
        expect_exit(done, USAGE)
        expect(done.stderr.startswith("xen-balloon: "), done.stderr)
        expect(not (guest.files / "target").read_text(), f"{size!r} is written")


def wrong_words_are_refused():
    guest = Guest()
    for words in ([], ["sta"], ["status", "now"], ["watch", "1"], ["set"], ["set", "1G", "2G"], ["set", "-1G"],
                  ["status", "--no-wait"], ["watch", "--json"], ["set", "--json", "1G"], ["set", "-i", "1", "1G"],
                  ["set", "--timeout"], ["set", "--timeout", "x", "1G"], ["set", "-t", "-1", "1G"],
                  ["set", "-t", "0", "1G"], ["set", "-t", "nan", "1G"], ["set", "-t", "1e99", "1G"],
                  ["watch", "-i", "0"], ["status", "--nonsense"], ["--root", "/nonesuch", "status"]):
        done = guest.run(*words)
        expect_exit(done, USAGE)
        expect(not done.stdout and done.stderr, words, done.stdout)
        expect(not (guest.files / "target").read_text(), words)


# --- what comes with it -----------------------------------------------------------------

def help_and_version_need_no_driver():
    for word in ("--help", "-h", "--version", "-V"):
        done = subprocess.run([PROGRAM, word], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=environment())
        expect(done.returncode == 0 and "xen-balloon" in done.stdout and not done.stderr, done)


def command(*argv, **options):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    expect(done.returncode == 0, " ".join(map(str, argv)), done.stdout)
    return done.stdout


def the_manual_page_and_help_have_each_option_and_exit_status():
    page = (TOOL / "xen-balloon.1").read_text()
    said = subprocess.run(["mandoc", "-T", "lint", "-W", "style", TOOL / "xen-balloon.1"],
                          stdout=subprocess.PIPE, text=True).stdout
    # Which other pages there are depends on the machine.
    said = [line for line in said.splitlines() if "referenced manual not found" not in line]
    expect(not said, said)
    source = (TOOL / "xen-balloon.c").read_text()
    help_ = subprocess.run([PROGRAM, "--help"], stdout=subprocess.PIPE, text=True).stdout
    names = re.findall(r'\{ "([a-z-]+)", (?:no|required)_argument', source)
    expect(len(names) >= 8, names)
    for name in names:
        expect(f"--{name}" in help_ and f"-{name}" in page, name)
    outcomes = re.search(r"enum outcome \{(.*?)\}", source, re.DOTALL)[1].split(",")
    for status in range(len(outcomes) - 2):
        expect(re.search(rf"\b{status}\b", help_) and f".It {status}\n" in page, f"status {status}")


def the_completion_offers_what_fits():
    def offered(*words):
        script = (f". {TOOL}/xen-balloon.bash; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); "
                  "_xen_balloon; printf '%s\\n' \"${COMPREPLY[@]}\"")
        return set(command("bash", "-c", script, "-", "xen-balloon", *words).split())

    expect(offered("") == {"status", "watch", "set"}, offered(""))
    expect(offered("s") == {"status", "set"}, offered("s"))
    expect(offered("set", "--") == {"--no-wait", "--timeout", "--quiet", "--root", "--help", "--version"})
    expect(offered("status", "--j") == {"--json"})
    expect(offered("--v") == {"--version"})
    expect(not offered("set", "--timeout", ""))


def it_is_installed_and_taken_away_again():
    place = Path(tempfile.mkdtemp(dir=SCRATCH))
    words = ["make", "-C", str(TOOL), f"O={place}/out", f"DESTDIR={place}/root", "PREFIX=/usr"]
    command(*words, "install")
    files = {str(path.relative_to(place / "root")) for path in (place / "root").rglob("*") if path.is_file()}
    expect(files == {"usr/bin/xen-balloon", "usr/share/man/man1/xen-balloon.1",
                     "usr/share/bash-completion/completions/xen-balloon"}, files)
    expect(command(place / "root/usr/bin/xen-balloon", "--version").startswith("xen-balloon "))
    command(*words, "uninstall")
    expect(not [path for path in (place / "root").rglob("*") if path.is_file()], "files are left")


def it_builds_without_a_warning_with_clang_and_static():
    for compiler, flags in (("clang", "-O2"), ("gcc", "-O3"), ("gcc", "-O2 -static")):
        command("make", "-C", str(TOOL), f"O={SCRATCH}/{compiler}", f"CC={compiler}", f"CFLAGS={flags}", "-B")


def complaint(test):
    try:
        test()
    except (AssertionError, OSError, subprocess.TimeoutExpired, ValueError, LookupError) as error:
        return str(error) or repr(error)
    return ""


def main():
    failed = 0
    with ThreadPoolExecutor(4) as pool:     # they wait most of the time
        for name, error in zip(TESTS, pool.map(complaint, TESTS.values())):
            failed += bool(error)
            print(f"{'not ok' if error else 'ok'} - {name.replace('_', ' ')}", flush=True)
            for line in error.splitlines():
                print(f"    {line}", flush=True)
    for pid in Session.running:
        os.kill(pid, signal.SIGKILL)
    print(f"{len(TESTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


# The functions whose names are sentences.
TESTS = {name: item for name, item in list(globals().items())
         if callable(item) and name.count("_") > 2}

with tempfile.TemporaryDirectory() as folder:
    SCRATCH = Path(folder)
    PROGRAM = f"{folder}/xen-balloon"
    command("make", "-C", str(TOOL), f"O={folder}", "CC=gcc", f"CFLAGS=-O1 -g {SANITIZERS}")
    sys.exit(main())
