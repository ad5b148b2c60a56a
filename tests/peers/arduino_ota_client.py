#!/usr/bin/env python3
"""arduino_ota_client.py - uploads an image over the air to ArduinoOTA, written from the protocol.

    arduino_ota_client.py [--port N] [--password TEXT] [--bind ADDRESS] [--timeout S] [--half-close] HOST IMAGE

The client sends the invitation "0 TCPPORT SIZE MD5" by UDP. A board with a password answers "AUTH NONCE" and gets
"200 CNONCE RESPONSE". The board then connects to TCPPORT, reads the image, and reports how many bytes it has
written (esp8266/Arduino libraries/ArduinoOTA/ArduinoOTA.cpp). Needs only Python's standard library.

Exit status: 0 uploaded; 1 refused or failed, with the board's message on standard error; 2 usage.
"""
import argparse
import hashlib
import os
import socket
import sys

CHUNK = 1460


class Failed(Exception):
    pass


def md5(*parts):
    return hashlib.md5(b"".join(parts)).hexdigest()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def respond(password, nonce, cnonce):
    """The response to a nonce of 32 digits (MD5), or of 64 digits (PBKDF2, arduino-esp32 3.3.1 and later)."""
    if len(nonce) == 32:
        return md5(md5(password.encode()).encode(), b":", nonce.encode(), b":", cnonce.encode())
    key = hashlib.pbkdf2_hmac("sha256", sha256(password.encode()).encode(), f"{nonce}:{cnonce}".encode(), 10000)
    return sha256(f"{key.hex()}:{nonce}:{cnonce}".encode())


def ask(udp, text, timeout):
    udp.settimeout(timeout)
    udp.send(text.encode())
    try:
        return udp.recv(1024).decode("utf-8", "replace").strip()
    except socket.timeout:
        raise Failed("no answer") from None
    except ConnectionRefusedError:
        raise Failed("the port is closed") from None


def invite(udp, tcp_port, image, password, timeout):
    answer = ask(udp, f"0 {tcp_port} {len(image)} {md5(image)}\n", timeout)
    if answer.startswith("AUTH "):
        nonce = answer[5:]
        if password is None:
            raise Failed("the board asks for a password")
        cnonce = os.urandom(16).hex() if len(nonce) == 32 else os.urandom(32).hex()
        answer = ask(udp, f"200 {cnonce} {respond(password, nonce, cnonce)}\n", timeout)
    if answer != "OK":
        raise Failed(f"the board says: {answer}")


def stream(connection, image, timeout, half_close):
    """Send the image as the core's own uploader does: read a word after each piece and ignore an "OK" in it, then
    wait for "OK". The core pauses a second before and after its "OK" for this reason. An error next to a count is
    kept here, because the core does not pause before errors; its own uploader misses it."""
    connection.settimeout(timeout)
    said = b""
    for at in range(0, len(image), CHUNK):
        connection.sendall(image[at:at + CHUNK])
        if half_close and at + CHUNK >= len(image):
            connection.shutdown(socket.SHUT_WR)
        word = connection.recv(32)
        if b"E" in word or not word:
            said = word
            break
    while b"OK" not in said and b"\n" not in said:
        more = connection.recv(64)
        if not more:
            break
        said += more
    if b"E" in said:
        raise Failed("the board says: " + said[said.index(b"E"):].decode("utf-8", "replace").strip())
    if b"OK" not in said:
        raise Failed("the board hung up without OK")


def upload(options, image):
    family, _, _, _, address = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as listener, socket.socket(family, socket.SOCK_DGRAM) as udp:
        listener.bind((options.bind or ("::" if family == socket.AF_INET6 else "0.0.0.0"), 0))
        listener.listen(1)
        listener.settimeout(options.timeout)
        udp.connect(address)
        invite(udp, listener.getsockname()[1], image, options.password, options.timeout)
        try:
            connection, _ = listener.accept()
        except socket.timeout:
            raise Failed("the board did not connect back (a firewall on this computer?)") from None
        with connection:
            stream(connection, image, options.timeout, options.half_close)


def main():
    parser = argparse.ArgumentParser(description="upload an image to ArduinoOTA")
    parser.add_argument("--port", type=int, default=8266)
    parser.add_argument("--password")
    parser.add_argument("--bind", help="own address to listen on")
    parser.add_argument("--timeout", type=float, default=10.0)
    parser.add_argument("--half-close", action="store_true", help="shut down the sending side after the last byte")
    parser.add_argument("host")
    parser.add_argument("image")
    options = parser.parse_args()
    with open(options.image, "rb") as file:
        image = file.read()
    try:
        upload(options, image)
    except (Failed, OSError) as err:
        print(f"arduino_ota_client: {options.host}: {err}", file=sys.stderr)
        return 1
    print(f"uploaded {len(image)} bytes, MD5 {md5(image)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
