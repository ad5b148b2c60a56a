#!/usr/bin/env python3
"""esphome_upload.py - uploads an image with ESPHome's own client (PyPI package esphome), to try the simulated service.

    esphome_upload.py HOST PORT PASSWORD IMAGE		PASSWORD may be ""

    espreset --firmware esphome --ota @ sim:ota=127.0.0.1:8266,esphome,stays=30s &&
    PYTHON tests/peers/esphome_upload.py 127.0.0.1 8266 "" image.bin

The client alone needs nothing that the package depends on: pip install --no-deps esphome.
"""
import logging
import pathlib
import sys

from esphome.espota2 import run_ota

if len(sys.argv) != 5:
    sys.exit(__doc__)
logging.basicConfig(level=logging.INFO)
result = run_ota(sys.argv[1], int(sys.argv[2]), sys.argv[3] or None, pathlib.Path(sys.argv[4]))
sys.exit(result[0] if isinstance(result, tuple) else result)
