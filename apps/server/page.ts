/** The page at `/` while there is no richer one: what there is to call. */
export function frontPage(models: readonly string[]): string {
  const rows = [
    ["POST /v1/images/generations", "OpenAI: pictures of a text"],
    ["POST /v1/images/edits", "OpenAI: a picture changed or repainted"],
    ["GET /v1/models", "the models"],
    ["POST /sdapi/v1/txt2img, img2img", "A1111, with progress, interrupt, options and its lists"],
    ["POST /jobs, GET /jobs/{id}, /events", "jobs: ask, look, listen; DELETE stops one"],
    ["GET /openapi.json", "all of it, described"],
    ["GET /metrics, /healthz", "for machines that watch"],
  ].map(([call, what]) => `<tr><td><code>${call}</code></td><td>${what}</td></tr>`).join("\n");
  const escaped = models.map((name) => name.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shum</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
td { padding: 0.2rem 1rem 0.2rem 0; vertical-align: top; }
</style>
</head>
<body>
<h1>Shum</h1>
<p>Pictures from text. Models here: ${escaped.join(", ")}.</p>
<table>
${rows}
</table>
</body>
</html>
`;
}
