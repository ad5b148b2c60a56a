#!/usr/bin/env python3
"""speedtables.py - writes src/bootlog/speedtables.c: which bytes a receiver at one baud rate delivers for a sender at another.

    python3 tests/speedtables.py >src/bootlog/speedtables.c

A simulated UART gives three tables. Two of them say, for each pair of baud rates, how likely a receiver is to deliver each byte
with a valid stop bit, and without one. The third table says how likely each byte is in text, given the kind of the byte before.
The script runs for half a minute and always writes the same bytes: it uses only random() of Python's random module, and Python
promises never to change the sequence that random() gives for a seed.

Sender: 8N1, up to 1.5 % off; characters back to back, or with pauses between characters or text lines; either the falling or the
rising edges up to 0.15 us late. Receiver: up to 0.5 % off (half of those at 115200 run at 115385, a common divisor's rate),
8 or 16 ticks a bit. It detects a falling edge at its next tick and samples each bit at 40 to 60 % of the bit time, once or as
the majority of three ticks. It ignores a start bit that is sampled high. After the stop bit it waits for the next falling edge.
Half of the receivers start to listen in the middle of the text. Standard library only.
"""
import math
import random
import re
import struct
from bisect import bisect_right

UNIT = 8            # resolution of the tables: steps per bit of information
FLOOR = 2e-4        # share of received bytes that the model does not explain: lost edges, other texts
HEARD = 24000       # characters received for each pair of baud rates
NOISE = 'noise'


# ---- chance ----------------------------------------------------------------------------------------------------------

class Dice:
    def __init__(self, *seed):
        self.random = random.Random('/'.join(map(str, seed))).random

    def below(self, n):
        return int(self.random() * n)

    def between(self, low, high):
        return low + (high - low) * self.random()

    def one_of(self, row):
        return row[self.below(len(row))]


# ---- what applications say --------------------------------------------------------------------------------------------

WORDS = ('wifi connected temp humidity sensor error timeout mqtt topic state online update init done free heap ready event task '
         'main server client start stop value config load flash boot request response publish subscribe gateway address mode '
         'channel status failed success retry count interval voltage current power battery level motor relay switch light '
         'Connecting Starting Reading Setup Loop Debug Warning Info Button pressed released').split()


def arduino(d):
    return d.one_of((
        lambda: f'Temperature: {d.between(-9, 40):.2f} *C, Humidity: {d.between(9, 99):.1f} %\r\n',
        lambda: f'{d.one_of(WORDS)} {d.one_of(WORDS)}: {d.below(10 ** (1 + d.below(5)))}\r\n',
        lambda: f'[{d.below(99999)}] {d.one_of(WORDS)} {d.one_of(WORDS)} {d.one_of(WORDS)}\r\n',
        lambda: f'Connecting to {d.one_of(WORDS)}' + '.' * d.below(12) + '\r\n',
        lambda: f'IP address: 192.168.{d.below(5)}.{d.below(255)}\r\n',
        lambda: f'{d.one_of(WORDS)}={d.between(-99, 999):.{d.below(4)}f}\t{d.one_of(WORDS)}={d.below(4096)}\r\n',
        lambda: f'scandone\r\nstate: {d.below(6)} -> {d.below(6)} (b{d.below(10)})\r\n'))()


def esphome(d):
    level, color = d.one_of((('D', 36), ('I', 32), ('W', 33), ('C', 35)))
    return (f'\x1b[0;{color}m[{d.below(24):02d}:{d.below(60):02d}:{d.below(60):02d}][{level}][{d.one_of(WORDS)}:{d.below(600):03d}]: '
            f"'{d.one_of(WORDS)}': {d.one_of(('Sending state', 'Got', 'Received', 'Update every'))} {d.between(0, 100):.5f} "
            f'{d.one_of(("°C", "%", "V", "dBm"))}\x1b[0m\r\n')


def idf(d):
    return f'\x1b[0;32mI ({d.below(99999)}) {d.one_of(WORDS)}: {d.one_of(WORDS)} {d.one_of(WORDS)} {hex(d.below(1 << 30))}\x1b[0m\r\n'


def tasmota(d):
    return (f'{d.below(24):02d}:{d.below(60):02d}:{d.below(60):02d}.{d.below(1000):03d} '
            f'{d.one_of(("MQT", "RSL", "WIF", "HTP", "CMD", "CFG"))}: {d.one_of(("stat/tasmota/RESULT = ", "tele/tasmota/STATE = ", ""))}'
            f'{{"POWER":"{d.one_of(("ON", "OFF"))}","Heap":{d.below(40)},"RSSI":{-d.below(90)}}}\r\n')


def micropython(d):
    return d.one_of((lambda: f'>>> print({d.one_of(WORDS)})\r\n{d.below(999)}\r\n',
                     lambda: f'Traceback (most recent call last):\r\n  File "main.py", line {d.below(200)}, in <module>\r\n',
                     lambda: f"OSError: [Errno {d.below(120)}] E{d.one_of(WORDS).upper()}\r\n",
                     lambda: f"{{'{d.one_of(WORDS)}': {d.below(100)}, '{d.one_of(WORDS)}': None}}\r\n"))()


def json(d):
    return '{' + ','.join(f'"{d.one_of(WORDS)}":{d.between(-99, 999):.2f}' for _ in range(1 + d.below(5))) + '}\n'


def numbers(d):
    return d.one_of((lambda: f'{d.below(1024)}\r\n', lambda: f'{d.between(-9, 9):.2f},{d.between(-9, 9):.2f}\r\n',
                     lambda: ' '.join(str(d.below(4096)) for _ in range(6)) + '\n', lambda: f'{d.between(0, 1):.6f}\t{d.below(256)}\n'))()


def hexdump(d):
    return (f'{d.below(65536):08x}  ' if d.random() < .5 else '') + ' '.join(f'{d.below(256):02x}' for _ in range(16)) + '\r\n'


def nmea(d):
    return (f'${d.one_of(("GPRMC", "GPGGA", "GNGLL"))},{d.below(240000):06d}.00,A,{d.between(4000, 5500):.5f},N,'
            f'{d.between(0, 2000):011.5f},E,0.{d.below(10)},,{d.below(320000):06d},,*{d.below(256):02X}\r\n')


def panic(d):
    word = lambda: f'{d.below(1 << 30) | 1 << 30:08x}'
    return d.one_of((lambda: f'3fff{d.below(65536):04x}:  {word()} {word()} {word()} {word()}  \r\n',
                     lambda: f'epc1=0x{word()} epc2=0x00000000 epc3=0x00000000 excvaddr=0x{word()} depc=0x00000000\r\n',
                     lambda: f'PC      : 0x{word()}  PS      : 0x00060030  A0      : 0x{word()}  A1      : 0x{word()}\r\n',
                     lambda: f'Backtrace: 0x{word()}:0x{word()} 0x{word()}:0x{word()}\r\n'))()


def dots(d):
    return d.one_of('.#-*=') * (1 + d.below(30)) + d.one_of(('', '\r\n'))


def utf8(d):
    return ' '.join(d.one_of(('Température', 'Größe', 'fünf', 'ошибка', 'датчик', '温度', '連接', 'señal', '→', 'ok')) for _ in range(5)) + '\n'


LOGS = (arduino, arduino, arduino, esphome, idf, idf, tasmota, micropython, json, numbers, hexdump, nmea, panic, dots, utf8)


WORDS_ONLY = (arduino, idf, tasmota, micropython, json)
DIGITS_ONLY = (numbers,)


def text(d, n, logs=LOGS):
    """Lines of two kinds at most, as one application prints them."""
    kinds, out = (d.one_of(logs), d.one_of(logs)), b''
    while len(out) < n:
        out += d.one_of(kinds)(d).encode()
    return out[:n]


def modbus(d):
    return bytes((1 + d.below(8), d.one_of((3, 4, 6, 16)), 0, d.below(64), 0, 1 + d.below(8), d.below(256), d.below(256)))


def mavlink(d):
    n = d.below(28)
    return bytes((0xfe, n, d.below(256), 1, 1, d.below(80))) + struct.pack('<%df' % (n // 4), *(d.between(-9, 99) for _ in range(n // 4))) + bytes(
        d.below(256) for _ in range(n % 4 + 2))


def ubx(d):
    n = d.one_of((8, 16, 20))
    return b'\xb5\x62\x01' + bytes((d.below(64), n, 0)) + bytes(d.one_of((0, 0, d.below(256), 255)) for _ in range(n + 2))


def samples(d):
    base = d.below(4000)
    return b''.join(struct.pack('<H', base + d.below(40)) for _ in range(16))


def uniform(d):
    return bytes(d.below(256) for _ in range(16))


def small(d):
    return bytes(d.one_of((0, 1, d.below(16), d.below(256))) for _ in range(16))


BINARY = (modbus, mavlink, ubx, samples, uniform, small)


def binary(d, n):
    kind, out = d.one_of(BINARY), b''
    while len(out) < n:
        out += kind(d)
    return out[:n]


# ---- the wire and the receiver ------------------------------------------------------------------------------------------

# For each byte: the bit borders at which the level changes, counted from the falling edge of the start bit.
CHANGES = []
for _byte in range(256):
    _levels = [1, 0] + [_byte >> i & 1 for i in range(8)] + [1]
    CHANGES.append([i for i in range(10) if _levels[i] != _levels[i + 1]])


def send(d, data, baud, pauses):
    """Return the times of the edges in seconds, falling and rising in turn: the line idles high."""
    edges, t, bit = [], 1e-3, 1 / baud
    late, style = d.random() ** 2 * d.between(-1.5e-7, 1.5e-7), d.below(6) if pauses else 0
    idle = d.one_of((1, 3 * d.random())) * bit
    for byte in data:
        for k, change in enumerate(CHANGES[byte]):
            edges.append(t + change * bit + (max(0, -late) if k & 1 else max(0, late)))
        t += 10 * bit
        if style == 3:
            t += idle
        elif style == 4 and d.random() < .3:
            t += d.random() * 4 * bit
        elif style == 5 and byte == 10:
            t += d.random() * 60 * bit
    return edges


def noise(d, seconds, heard_at):
    """Return edges at random times, as from a loose wire, a motor or a radio."""
    edges, t, mean = [], 1e-3, 10 ** d.between(-.8, .8) / heard_at
    while t < seconds:
        t -= math.log(1 - d.random()) * mean * (1 if len(edges) & 1 else d.one_of((1, 1, 8)))
        edges.append(t)
    return edges[:len(edges) & ~1]


def receive(d, edges, heard_at, late):
    """Return each received byte, and whether its stop bit was high. late: may start in the middle of the text."""
    bit = 1 / (heard_at * (115385 / 115200 if heard_at == 115200 and d.random() < .5 else 1) * (1 + d.between(-.005, .005)))
    tick = bit / d.one_of((8, 16))
    sample, majority, phase = d.between(.4, .6) * bit, d.random() < .5, d.random() * tick
    t = edges[d.below(min(40, len(edges)))] if edges and late and d.random() < .5 else 0.0
    n, i, heard = len(edges), 0, []

    def low(at):
        nonlocal i
        i = bisect_right(edges, at, i)
        return i & 1

    def level(at):
        if majority:
            return low(at - tick) + low(at) + low(at + tick) < 2
        return not low(at)

    while True:
        i = bisect_right(edges, t, i)
        i += i & 1
        while i < n:
            seen = phase + (math.floor((edges[i] - phase) / tick) + 1) * tick
            if i + 1 < n and edges[i + 1] <= seen:      # a pulse between two ticks is not seen
                i += 2
                continue
            break
        else:
            return heard
        at = seen + sample
        if level(at):
            t = at
            continue
        byte = 0
        for k in range(8):
            at += bit
            if level(at):
                byte |= 1 << k
        at += bit
        heard.append((byte, level(at)))
        t = at


# ---- how likely each byte is -----------------------------------------------------------------------------------------------

def count(senders, heard_at, logs):
    """Return the share of each byte with a high stop bit, and with a low one. Each sender has the same weight."""
    good, bad = [0.0] * 256, [0.0] * 256
    for sender in senders:
        d, got = Dice(heard_at, sender, len(logs)), []
        piece = 0
        while len(got) < HEARD // len(senders) ** .5:
            piece += 1
            if sender == NOISE:
                edges = noise(d, 1e-3 + 1500 / heard_at, heard_at)
            else:
                n = int(60 * min(30, max(1, sender / heard_at)))
                edges = send(d, text(d, n, logs) if piece % 12 or logs is not LOGS else binary(d, n), sender * (1 + d.between(-.015, .015)),
                             logs is LOGS)
            got += receive(d, edges, heard_at, logs is LOGS)
        for byte, stop in got:
            (good if stop else bad)[byte] += 1 / len(got) / len(senders)
    return good, bad


def cost(share):
    return min(255, max(1, round(-UNIT * math.log2(share)))) if share > 0 else 255


def row_costs(shares):
    """Return the costs; 0 stands for a byte that is no likelier than one that was never received."""
    never = cost(FLOOR / 512)
    costs = [cost((1 - FLOOR) * s + FLOOR / 512) for s in shares]
    return [0 if c >= never else c for c in costs]


# For each baud rate of the receiver: rows of (baud rate to name, baud rates of the senders, what they send). Senders whose baud
# rates cannot be told apart share a row. A baud rate has a second row for an application that sends only words or only numbers,
# without pauses, to a receiver that listens from the start: its bytes are distributed so differently that one row would fit
# neither. OTHER: a sender whose baud rate is not named.
OTHER = 0
ROWS = (
    (115200, (
        (9600, (9600, 4800), LOGS), (19200, (19200,), LOGS), (38400, (38400,), LOGS), (57600, (57600,), LOGS),
        (74880, (74880,), LOGS), (74880, (74880,), DIGITS_ONLY),
        (OTHER, (115200,), LOGS), (OTHER, (230400,), LOGS), (OTHER, (250000, 256000), LOGS),
        (OTHER, (460800,), LOGS), (OTHER, (500000,), LOGS), (OTHER, (921600, 1000000), LOGS), (OTHER, (1500000, 2000000), LOGS),
        (OTHER, (NOISE,), LOGS))),
    (74880, (
        (9600, (9600, 4800), LOGS), (19200, (19200,), LOGS), (38400, (38400,), LOGS), (57600, (57600,), LOGS),
        (57600, (57600,), DIGITS_ONLY), (OTHER, (74880,), LOGS), (115200, (115200,), LOGS), (115200, (115200,), DIGITS_ONLY),
        (OTHER, (230400,), LOGS), (OTHER, (250000, 256000), LOGS), (OTHER, (460800, 500000), LOGS),
        (OTHER, (921600, 1000000, 1500000, 2000000), LOGS), (OTHER, (NOISE,), LOGS))),
    (1000000, (
        (115200, (9600, 57600, 115200), LOGS), (230400, (230400,), LOGS), (250000, (250000, 256000), LOGS), (460800, (460800,), LOGS),
        (500000, (500000,), LOGS), (921600, (921600,), LOGS), (921600, (921600,), WORDS_ONLY), (1000000, (1000000,), LOGS),
        (OTHER, (1500000,), LOGS), (OTHER, (2000000,), LOGS), (OTHER, (NOISE,), LOGS))),
    (2000000, (
        (230400, (9600, 115200, 230400), LOGS), (250000, (250000, 256000), LOGS), (460800, (460800,), LOGS), (500000, (500000,), LOGS),
        (921600, (921600,), LOGS), (1000000, (1000000,), LOGS), (1500000, (1500000,), LOGS),
        (2000000, (2000000,), LOGS), (OTHER, (NOISE,), LOGS))),
)


# ---- text ------------------------------------------------------------------------------------------------------------------

KINDS = 7


def kind(b):
    return (0 if 48 <= b < 58 else 1 if 97 <= b < 123 else 2 if 65 <= b < 91 else 3 if b in b' \t' else 4 if b in b'\r\n' else
            5 if b >= 128 else 6)


def text_gains():
    """Return 8 log2(100 P(byte | kind of the byte before)). The last column is all bytes from 0x80 on. Their gain is never
    positive: noise with little variety often passes for UTF-8, so UTF-8 must not count as evidence for text."""
    d, counts = Dice('text'), [[0] * 129 for _ in range(KINDS)]
    for _ in range(1500):
        s = text(d, 120)
        for a, b in zip(s, s[1:]):
            counts[kind(a)][min(b, 128)] += 1
    gains = []
    for row in counts:
        total = sum(row)
        shares = [.0015 + .85 * c / total if 32 <= b < 127 or b in b'\t\n\r\x1b\x80' else 0 for b, c in enumerate(row)]
        gains.append([round(UNIT * min(4.0, math.log2(100 * share))) if share else -6 * UNIT for share in shares])
        gains[-1][128] = min(0, gains[-1][128])
    return gains


# ---- C ------------------------------------------------------------------------------------------------------------------------

def initialiser(numbers):
    """'{1,[9]=2,3}': a designator skips three zeros or more."""
    items, zeros = [], 0
    for i, number in enumerate(numbers):
        if number == 0:
            zeros += 1
            continue
        items += [f'[{i}]={number}'] if zeros > 2 else ['0'] * zeros + [str(number)]
        zeros = 0
    return '{' + ','.join(items or ['0']) + '}'


def print_filled(text):
    """Break after commas, at 120 columns."""
    print(re.sub(r'(.{1,119}(?:,|$))', r'\1\n', text), end='')


def main():
    print('''/* speedtables.c - which bytes a receiver at one baud rate delivers for a sender at another; written by
 * tests/speedtables.py.
 *
 * Do not edit this file: change the script, and run it. The comment at the beginning of the script describes the
 * simulation behind the numbers. speedtables.h describes the numbers.
 */
#include "bootlog/speedtables.h"

/* clang-format off */
const struct speed_row speed_rows[] = {''')
    for heard_at, rows in ROWS:
        assert len(rows) < 16       # SPEED_ROWS
        for name, senders, logs in rows:
            good, bad = count(senders, heard_at, logs)
            texts = {DIGITS_ONLY: ' that sends only numbers', WORDS_ONLY: ' that sends only words'}.get(logs, '')
            sent = 'noise instead of a sender' if NOISE in senders else f'sender at {" or ".join(map(str, senders))} Bd{texts}'
            sums = ','.join(str(cost((1 - FLOOR) * sum(shares) + FLOOR / 2)) for shares in (good, bad))
            print(f'/* receiver at {heard_at} Bd, {sent} */')
            print_filled(f'{{{heard_at},{name},{sums},{initialiser(row_costs(good))},{initialiser(row_costs(bad))}}},')
    print(f'}};\n\nconst unsigned int n_speed_rows = {sum(len(rows) for _, rows in ROWS)};\n')
    print('const int8_t speed_text_gain[SPEED_KINDS][129] = {')
    for row in text_gains():
        print_filled(initialiser(row) + ',')
    print('};')


if __name__ == '__main__':
    main()
