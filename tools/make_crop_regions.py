"""Writes packages/pipelines/testdata/crop_regions.json: what diffusers' get_crop_region makes of masks.

python tools/make_crop_regions.py
"""

import json
import os
import random

import diffusers
import numpy as np
from diffusers.image_processor import VaeImageProcessor
from PIL import Image

PATH = os.path.join(os.path.dirname(__file__), "..", "packages", "pipelines", "testdata", "crop_regions.json")


def main() -> None:
    source = random.Random(0)
    cases = []
    for _ in range(60):
        width, height = source.randint(20, 200), source.randint(20, 200)
        x, y = source.randrange(width), source.randrange(height)
        across, down = source.randint(1, width - x), source.randint(1, height - y)
        mask = np.zeros((height, width), np.uint8)
        mask[y : y + down, x : x + across] = 255
        output = source.choice([(64, 64), (96, 64), (64, 128), (512, 512)])
        padding = source.choice([0, 4, 32])
        x1, y1, x2, y2 = VaeImageProcessor.get_crop_region(Image.fromarray(mask), *output, pad=padding)
        cases.append(
            {
                "size": [width, height],
                "mask": [x, y, across, down],
                "padding": padding,
                "output": output,
                "region": [x1, y1, x2 - x1, y2 - y1],
            }
        )
    with open(PATH, "w") as file:
        json.dump({"diffusers": diffusers.__version__, "cases": cases}, file)
        file.write("\n")


if __name__ == "__main__":
    main()
