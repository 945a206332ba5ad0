"""What a user of PyPI's webuiapi does."""

import sys
import threading
import time
from urllib.parse import urlparse

import webuiapi

url = urlparse(sys.argv[1])
api = webuiapi.WebUIApi(host=url.hostname, port=url.port, sampler="Euler a", steps=2)
api.set_auth("anybody", sys.argv[2])

assert api.util_get_model_names() == ["shum-emoji-256"]
assert "DPM++ 2M" in api.util_get_sampler_names()
assert "karras" in api.util_get_scheduler_names()
api.util_set_model("shum-emoji-256")
assert api.util_get_current_model() == "shum-emoji-256"
for ask in (
    api.get_options,
    api.get_progress,
    api.get_cmd_flags,
    api.get_samplers,
    api.get_schedulers,
    api.get_upscalers,
    api.get_latent_upscale_modes,
    api.get_loras,
    api.get_sd_models,
    api.get_hypernetworks,
    api.get_face_restorers,
    api.get_realesrgan_models,
    api.get_prompt_styles,
    api.get_scripts,
    api.get_embeddings,
    api.get_memory,
    api.get_sd_vae,
    api.refresh_checkpoints,
):
    ask()

size = {"width": 256, "height": 256}
made = api.txt2img(prompt="black cat with red eyes", seed=42, batch_size=2, **size)
assert len(made.images) == 2 and made.info["all_seeds"] == [42, 43], made.info
assert made.image.size == (256, 256) and "Seed: 42" in made.image.info["parameters"]
assert api.png_info(made.image).info.startswith("black cat with red eyes")

changed = api.img2img(images=[made.image], prompt="a dog", steps=4, seed=1, **size)
assert changed.image.tobytes() != made.image.tobytes()

mask = made.image.copy()
mask.paste((0, 0, 0), (0, 0, 256, 256))
mask.paste((255, 255, 255), (0, 0, 256, 64))
painted = api.img2img(images=[made.image], mask_image=mask, prompt="a dog", steps=4, seed=1, **size)
kept = (0, 64, 256, 256)
assert painted.image.crop(kept).tobytes() == made.image.crop(kept).tobytes()
assert painted.image.tobytes() != made.image.tobytes()

long = threading.Thread(target=lambda: api.txt2img(prompt="a cat", steps=150, **size))
long.start()
while not api.get_progress().get("current_image"):
    time.sleep(0.1)
began = time.monotonic()
api.interrupt()
long.join()
assert time.monotonic() - began < 10
api.util_wait_for_ready(check_interval=0.1)
print("ok")
