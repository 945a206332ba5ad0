"""What a user of PyPI's openai does: models, a picture, a stream, an edit, an error."""

import base64
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key=sys.argv[2], max_retries=0)

assert [model.id for model in client.models.list()] == ["shum-emoji-256"]

settings = {"model": "shum-emoji-256", "prompt": "black cat with red eyes", "size": "256x256"}
extra = {"seed": 42, "steps": 2}
made = client.images.generate(**settings, n=2, extra_body=extra)
files = [base64.b64decode(each.b64_json) for each in made.data]
assert len(files) == 2 and all(file.startswith(b"\x89PNG") for file in files)

seen = list(client.images.generate(**settings, stream=True, partial_images=1, extra_body=extra))
assert [event.type for event in seen] == [
    "image_generation.partial_image",
    "image_generation.completed",
], seen
assert base64.b64decode(seen[-1].b64_json) == files[0]

edited = client.images.edit(
    image=("cat.png", files[0], "image/png"),
    prompt="a dog",
    model="shum-emoji-256",
    extra_body={"steps": 4, "strength": 0.5, "seed": 1},
)
assert base64.b64decode(edited.data[0].b64_json) != files[0]

try:
    client.images.generate(**{**settings, "size": "9999x9999"})
    raise SystemExit("a picture of 100 megapixels was drawn")
except openai.BadRequestError as error:
    assert error.param == "size" and error.code == "limit_exceeded", error
try:
    client.with_options(api_key="wrong").models.list()
    raise SystemExit("a wrong key was taken")
except openai.AuthenticationError:
    pass
print("ok")
