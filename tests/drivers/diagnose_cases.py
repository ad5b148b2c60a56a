"""The findings of --diagnose, provoked with real drivers, device nodes, permissions and holders; cures are tried
where possible.

What a virtual machine cannot have (other kernels, Windows) is tested in tests/unit/test_diagnose.c.
"""
import glob
import json
import os
import re

import rig
from hook_cases import RULES, case, case_alone, enroll, expect, sh, was_opened

MODPROBE = "/etc/modprobe.d/espreset-test.conf"
RELEASE = os.uname().release
NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup"]


def diagnose(*args, within=None, **how):
    command = [rig.ESPRESET, "--diagnose", "--json"] + list(args)
    result = rig.run((within or []) + command, **how)
    result.findings = [json.loads(line) for line in result.out.splitlines()]
    return result


def expect_finding(result, word, cure, status, *evidence):
    found = [f for f in result.findings if f["finding"] == word]
    expect(found, "no finding '%s'" % word, result)
    finding = next((f for f in found if cure in (f["cure"] or "")), None)
    expect(finding, "the cure of '%s'" % word, result)
    for text in evidence:
        expect(any(text in e for e in finding["evidence"] + [finding["text"]]), "the evidence of '%s': %s" % (word, text), result)
    expect(result.status == status, "status %d for '%s'" % (status, word), result)


def in_a_namespace(*preparations):
    """A prefix for a command that runs it in its own mount namespace, after these shell commands."""
    return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", "\n".join(preparations) + '\nexec "$@"', "sh"]


@case
def who_is_not_in_the_group_is_told_how_to_join_it():
    board = rig.plug("ch340")
    run = rig.run([rig.ESPRESET, "--wait", "0", board.tty], user="nobody")
    expect(run.status == 32 and "sudo usermod -aG dialout nobody" in run.err, "a run outside of the group", run)
    expect_finding(diagnose(board.tty, user="nobody"), "permission", "sudo usermod -aG dialout nobody", 32, "group dialout")
    sh("usermod -aG dialout nobody")
    expect_finding(diagnose(board.tty, user="nobody"), "permission", "log out and in again", 32)
    expect(not was_opened(board), "it was opened")
    inside = rig.run(NOBODY + ["--init-groups", rig.ESPRESET, board.tty])
    expect(inside.status == 0, "after the cure", inside, board.truth())
    board.unplug()
    sh("gpasswd -d nobody dialout")


@case_alone
def a_port_that_udev_gives_to_nobody_is_told_the_rule_that_mends_it():
    """The port's group may not write, or has no members. espreset's own rule, which sets dialout, is masked."""
    board = rig.plug("ch340")
    spoiling = RULES + "55-espreset-test-%d.rules" % board.id
    masking = RULES + "70-espreset.rules"
    open(masking, "w", encoding="ascii").close()
    member = NOBODY + ["--groups=dialout"]
    try:
        for spoilt, evidence in (('GROUP="dialout", MODE="0600"', "mode 600, group dialout"),
                                 ('GROUP="root", MODE="0660"', "mode 660, group root")):
            with open(spoiling, "w", encoding="ascii") as f:
                f.write('SUBSYSTEM=="tty", KERNELS=="%s", %s\n' % (board.place(), spoilt))
            sh("udevadm control --reload")
            board.unplug()
            board.replug()
            result = diagnose(board.tty, within=member)
            expect_finding(result, "permission", "have udev give it to a group", 32, evidence)
            run = rig.run(member + [rig.ESPRESET, "--wait", "0", board.tty])
            expect(run.status == 32 and "60-serial-group.rules" in run.err, "a run", run)
            expect(not was_opened(board), "it was opened")
        # Apply the cure exactly as printed; the wrong rule stays.
        rule, path = re.search(r"put (.*) into (\S+);", result.findings[0]["cure"]).groups()
        with open(path, "w", encoding="ascii") as f:
            f.write(rule + "\n")
        sh("udevadm control --reload")
        board.unplug()
        board.replug()
        mended = diagnose(board.tty, within=member)
        expect(mended.status == 0 and not mended.findings, "after the cure", mended)
        run = rig.run(member + [rig.ESPRESET, board.tty])
        expect(run.status == 0, "a run after the cure", run, board.truth())
    finally:
        for name in glob.glob(spoiling) + glob.glob(RULES + "60-serial-group.rules") + [masking]:
            os.unlink(name)
        sh("udevadm control --reload")


@case
def a_lock_file_counts_as_long_as_its_process_lives():
    """A lock file as uucp, minicom and cu write it, without a kernel lock or an open descriptor."""
    board = rig.plug("ch340")
    os.makedirs("/run/lock", exist_ok=True)
    lock = "/run/lock/LCK.." + os.path.basename(board.tty)
    holder = rig.start(["sleep", "600"])
    try:
        with open(lock, "w", encoding="ascii") as f:
            f.write("%10d\n" % holder.pid)
        result = diagnose(board.tty)
        expect_finding(result, "busy", "kill %d" % holder.pid, 33, "sleep (process %d)" % holder.pid, "has a lock file for it")
        run = rig.run([rig.ESPRESET, "--wait", "0", board.tty])
        expect(run.status == 33 and str(holder.pid) in run.out, "a run", run)
        expect(not was_opened(board), "it was opened")
        os.kill(holder.pid, 9)
        holder.finish()
        stale = diagnose(board.tty)
        expect(stale.status == 0 and not stale.findings, "a stale one", stale)
        run = rig.run([rig.ESPRESET, board.tty])
        expect(run.status == 0, "a run beside a stale one", run, board.truth())
        expect(os.path.exists(lock), "a file that is not ours was removed")
    finally:
        os.unlink(lock)


@case_alone
def modemmanager_is_named_where_udev_does_not_keep_it_off():
    """A process of that name holds the port with TIOCEXCL; an ordinary user cannot see whose descriptor it is."""
    board = rig.plug("ch340")
    os.makedirs(rig.SCRATCH, exist_ok=True)
    name = os.path.join(rig.SCRATCH, "ModemManager")
    os.symlink("/usr/bin/python3", name)
    holder = rig.start([name, "-c", "import fcntl, os, sys, termios, time\n"
                        "fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)\n"
                        "fcntl.ioctl(fd, termios.TIOCEXCL)\nprint('held', flush=True)\ntime.sleep(600)\n", board.tty])
    rig.wait_for("the holder", lambda: os.path.getsize(holder.out.name))
    rule = 'ATTRS{idVendor}=="1a86", ATTRS{idProduct}=="7523", ENV{ID_MM_PORT_IGNORE}="1"'
    expect_finding(diagnose(board.tty), "modemmanager", rule, 33, "process %d has it open" % holder.pid)
    member = NOBODY + ["--groups=dialout", rig.ESPRESET, "--wait", "0", board.tty]
    # Retry: espreset searches the processes for half a second only, which may be too short on a busy host.
    run = rig.wait_for("a run to name it", lambda: (lambda r: r if rule in r.err else None)(rig.run(member)), 60)
    expect(run.status == 33, "a run that cannot see it", run)
    # The cure as --enroll writes it: ID_MM_PORT_IGNORE in udev's database entry of the port.
    enroll(board, "modem")
    sh("udevadm trigger --settle --action=change " + board.tty)
    run = rig.run(member)
    expect(run.status == 33 and rule not in run.err, "blamed although udev keeps it off", run)
    os.kill(holder.pid, 9)
    holder.finish()


CLAIM = """
import fcntl, struct, sys, time
fd = open(sys.argv[1], "r+b", buffering=0)
USBDEVFS_CLAIMINTERFACE, USBDEVFS_DISCONNECT, USBDEVFS_IOCTL = 0x8004550f, 0x5516, 0xc0105512
fcntl.ioctl(fd, USBDEVFS_IOCTL, struct.pack("iiP", 0, USBDEVFS_DISCONNECT, 0))
fcntl.ioctl(fd, USBDEVFS_CLAIMINTERFACE, struct.pack("I", 0))
print("claimed", flush=True)
time.sleep(600)
"""


@case_alone
def who_drives_the_device_itself_is_named():
    """A program claims the USB device itself, as brltty or a virtual machine does."""
    for program, word, cure in (("brltty", "brltty", "genericDevices=no"), ("python3", "claimed", "end that program")):
        board = rig.plug("ch340")
        place = board.place()
        node = "/dev/bus/usb/%03d/%03d" % tuple(
            int(open("/sys/bus/usb/devices/%s/%s" % (place, f), encoding="ascii").read()) for f in ("busnum", "devnum"))
        path = os.path.join(rig.SCRATCH, program)
        if not os.path.exists(path):
            os.symlink("/usr/bin/python3", path)
        holder = rig.start([path, "-c", CLAIM, node])
        rig.wait_for("the holder", lambda: os.path.getsize(holder.out.name) or holder.popen.poll() is not None)
        rig.wait_for("the tty to go", lambda: not board.ttys())
        if word == "brltty":
            expect_finding(diagnose("usb:" + place), word, cure, 30, "process %d is brltty" % holder.pid)
        else:
            expect_finding(diagnose("usb:" + place), word, cure, 30, "process %d" % holder.pid)
        run = rig.run([rig.ESPRESET, "--wait", "0", "usb:" + place])
        # A failed run searches the processes for half a second only, so it may not name brltty.
        expect(run.status == 30 and (cure in run.err or "end that program" in run.err), "a run", run)
        os.kill(holder.pid, 9)
        holder.finish()
        rig.clean_up()


@case_alone
def a_device_that_no_driver_has_taken():
    board = rig.plug("ch340")
    place = board.place()
    device = "/sys/bus/usb/devices/" + place
    spelling = "usb:" + place
    with open("/sys/bus/usb/drivers/ch341/unbind", "w", encoding="ascii") as f:
        f.write(place + ":1.0")
    rig.wait_for("the tty to go", lambda: not board.ttys())
    expect_finding(diagnose(spelling), "driver-not-bound", "re-plug it", 30, "no interface of " + place)
    sh("echo -1 >%s/bConfigurationValue" % device)
    expect_finding(diagnose(spelling), "no-power", "own power supply", 30, "bConfigurationValue is empty")
    sh("echo 0 >%s/authorized" % device)
    result = diagnose(spelling)
    expect_finding(result, "unauthorized", "echo 1 | sudo tee %s/authorized" % device, 30)
    sh("echo 1 >%s/authorized" % device)
    rig.wait_for("the tty, after the cure", board.ttys)


@case
def other_numbers_kinds_and_spellings():
    board = rig.plug("cp2102")
    twin = rig.plug("cp2102")
    expect_finding(diagnose(board.tty), "cp2102-speed", "CH340", 0)
    result = diagnose("/dev/ttyUSB99")
    expect_finding(result, "not-there", "numbers change", 30)
    expect_finding(diagnose("usb:10c4:ea60"), "ambiguous", "name one of them", 31, board.tty, twin.tty)
    expect_finding(diagnose("/etc/passwd"), "not-a-port", "--list", 30)
    refused = diagnose("usb:rubbish")
    expect(refused.status == 2 and "want usb:VID:PID" in refused.err, "what is no PORT", refused)
    # The file's mode allows access, but the unit's DevicePolicy does not.
    closed = ["systemd-run", "--quiet", "--pipe", "--wait", "-p", "DevicePolicy=closed"]
    expect_finding(diagnose(board.tty, within=closed), "device-rules", "DeviceAllow=char-ttyUSB rw", 32)
    run = rig.run(closed + [rig.ESPRESET, "--wait", "0", board.tty])
    expect(run.status == 32 and "DeviceAllow=char-ttyUSB rw" in run.err, "a unit that may not", run)
    # Bridges and chips with known quirks.
    ident = None
    for kind, words, finding, cure in (("cp2102c", "", "cp2102c", "another bridge"), ("cp2102n", "", "cp2102n", "plug it in again"),
                                       ("usbjtag", "esp32c3", "native-usb", ""), ("otg", "esp32s3", "native-otg", "no line resets")):
        other = rig.plug(kind, words, ident)
        expect_finding(diagnose(other.tty), finding, cure, 0)
        if finding.startswith("native"):
            refused = rig.run([rig.ESPRESET, "--enroll", other.tty, "own_usb"])
            expect(refused.status == 2 and not refused.out and "in the middle of an upload" in refused.err, "--enroll", refused)
        # All of them use the same port.
        other.unplug()
        rig.wait_for("it to go", lambda: not other.ttys())
        ident = other.id
    expect(not was_opened(board) and not was_opened(twin), "one was opened")


@case
def a_port_without_its_node_and_a_container():
    board = rig.plug("ch340")
    number = os.path.basename(board.tty)
    container = "mount -t tmpfs tmpfs /run; touch /run/.containerenv"
    own_dev = "mount -t tmpfs tmpfs /dev; mknod -m 666 /dev/null c 1 3"
    result = diagnose(board.tty, within=in_a_namespace(own_dev))
    expect_finding(result, "no-node", "sudo mknod -m 660 " + board.tty, 30, number + " exists")
    mknod = result.findings[0]["cure"].split("sudo ")[1]
    cured = diagnose(board.tty, within=in_a_namespace(own_dev, mknod))
    expect(not cured.findings, "after the cure", mknod, cured)
    inside = in_a_namespace(container, own_dev)
    expect_finding(diagnose(board.tty, within=inside), "no-node", "--device=" + board.tty, 30, "/run/.containerenv")
    expect_finding(diagnose(within=inside), "no-node", "--device=" + board.tty, 30)
    typo = diagnose("/dev/ttyUSV0", within=inside)
    expect_finding(typo, "container", "start the container with --device=/dev/tty", 30)
    expect("ttyUSV0" not in typo.findings[0]["cure"], "a typo is advised", typo)
    denied = in_a_namespace(container)
    expect_finding(diagnose(board.tty, within=denied + NOBODY + ["--clear-groups"]), "permission", "--group-add", 32)


def forget_driver():
    rig.wait_for("nobody to use the driver", lambda: "exit 0" in sh("modprobe -r ch341; echo exit $?"), 20, 0.5)


@case_alone
def a_driver_that_is_not_there():
    board = rig.plug("ch340")
    place = board.place()
    spelling = "usb:" + place
    forget_driver()
    expect_finding(diagnose(spelling), "driver-not-loaded", "sudo modprobe ch341", 30, "no module ch341")
    hidden = in_a_namespace("grep -v /ch341.ko /lib/modules/%s/modules.dep >/run/modules.dep.$$ || true" % RELEASE,
                            "mount --bind /run/modules.dep.$$ /lib/modules/%s/modules.dep" % RELEASE)
    expect_finding(diagnose(spelling, within=hidden), "driver-missing", "linux-modules-extra-" + RELEASE, 30)
    gone = in_a_namespace("mount -t tmpfs tmpfs /lib/modules")
    expect_finding(diagnose(spelling, within=gone), "kernel-replaced", "restart this computer", 30)
    with open(MODPROBE, "w", encoding="ascii") as f:
        f.write("blacklist ch341\n")
    sh("udevadm control --reload")  # noticed by udev only every few seconds without this
    try:
        # udev does not load a blacklisted module for a device.
        board.unplug()
        rig.wait_for("it to go", lambda: not os.path.exists("/sys/bus/usb/devices/" + place))
        rig.daemon("replug %d" % board.id)
        rig.wait_for("it to come", lambda: glob.glob("/sys/bus/usb/devices/%s/*:1.0" % place))
        sh("udevadm settle")
        expect(not board.ttys(), "udev has loaded the driver")
        expect_finding(diagnose(spelling), "driver-forbidden", "remove that line", 30, MODPROBE + " says blacklist ch341")
        run = rig.run([rig.ESPRESET, "--wait", "0", spelling])
        expect(run.status == 30 and "remove that line" in run.err, "a run", run)
    finally:
        os.unlink(MODPROBE)
    sh("modprobe ch341")
    board.find_tty()
    expect(not diagnose(board.tty).findings, "after the cure")


@case_alone
def nothing_on_usb():
    """QEMU's adapters are on another USB controller, whose driver is removed here."""
    for ident in (12, 13, 14):
        rig.daemon("unplug %d" % ident)
    sh("modprobe -r uhci_hcd")
    try:
        rig.wait_for("all to go", lambda: not glob.glob("/dev/ttyUSB*"))
        expect_finding(diagnose(), "nothing-on-usb", "carry power only", 30, "nothing but hubs")
        listed = rig.run([rig.ESPRESET, "--list"])
        expect(listed.status == 30 and not listed.out, "--list", listed)
        inside = in_a_namespace("mount -t tmpfs tmpfs /run; touch /run/.containerenv")
        expect_finding(diagnose("/dev/ttyUSB0", within=inside), "container", "on the host", 30)
        windows = in_a_namespace("echo 5.15.90.1-microsoft-standard-WSL2 >/run/osrelease",
                                 "mount --bind /run/osrelease /proc/sys/kernel/osrelease")
        expect_finding(diagnose("/dev/ttyUSB0", within=windows), "wsl", "usbipd attach --wsl", 30)
    finally:
        sh("modprobe uhci_hcd")
