import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { inflect } from "./captions_uk.ts";
import { plural } from "./captions_en.ts";
import { COLORS, EYE_COLORS, hueDistance, PALETTE, parseColor, toHex, toOklch } from "./color.ts";
import { CORE_OBJECTS } from "./core_objects.ts";
import { DRAWINGS } from "./drawings.ts";
import { findEyes } from "./eyes.ts";
import { outlines } from "./geometry.ts";
import { HELD_OUT_LOOKS, HELD_OUT_PAIRS, isHeldOut } from "./held_out.ts";
import { dominantGroup, recolouring } from "./paint.ts";
import { makeRecord } from "./record.ts";
import { parseSvg, writeSvg } from "./svg.ts";

const ids = new Set(CORE_OBJECTS.map(({ id }) => id));

Deno.test("every held-out look names an object, a colour and eyes that the data could show", () => {
  for (const { object, color, eyes } of HELD_OUT_LOOKS) {
    assert(ids.has(object), object);
    assert(COLORS.includes(color), color);
    assert(
      DRAWINGS.some((drawing) => drawing.object === object && drawing.group.length > 0),
      object,
    );
    if (eyes !== undefined) {
      assert(EYE_COLORS.includes(eyes) && eyes !== color, `${object} ${color} ${eyes}`);
      assert(
        DRAWINGS.some((drawing) => drawing.object === object && drawing.eyes.length > 0),
        object,
      );
    }
  }
  for (const [a, b] of HELD_OUT_PAIRS) assert(ids.has(a) && ids.has(b) && a !== b, `${a}, ${b}`);
});

Deno.test("the held-out list has no entry twice and starts with the black cat with red eyes", () => {
  const keys = [
    ...HELD_OUT_LOOKS.map((look) => JSON.stringify(look)),
    ...HELD_OUT_PAIRS.map((pair) => JSON.stringify(pair.toSorted())),
  ];
  assertEquals(new Set(keys).size, keys.length);
  assert(keys.length >= 60, `${keys.length}`);
  assertEquals(HELD_OUT_LOOKS[0], { object: "cat", color: "black", eyes: "red" });
});

Deno.test("the matcher finds what is held out among other objects and leaves its neighbours alone", () => {
  const cat = { id: "cat", color: "black", eyes: "red" } as const;
  assert(isHeldOut([cat]));
  assert(isHeldOut([{ id: "sun", color: null, eyes: null }, cat]));
  assert(!isHeldOut([{ ...cat, eyes: "green" }]));
  assert(!isHeldOut([{ ...cat, color: "gray" }]));
  assert(isHeldOut([{ id: "car", color: "purple", eyes: null }]));
  const pair = HELD_OUT_PAIRS[0]!.map((id) => ({ id, color: null, eyes: null }));
  assert(isHeldOut(pair) && isHeldOut(pair.toReversed()));
});

Deno.test("50,000 sampled scenes show nothing held out, and no caption says black cat with red eyes", () => {
  let cats = 0, eyed = 0;
  for (let index = 0; index < 50_000; index++) {
    const { scene, record } = makeRecord(77, index);
    // Matched anew from what is drawn: the paint and the eyes placed in the picture.
    const drawn = scene.composition.objects.map((placed) => {
      const drawing = DRAWINGS.find(({ style, icon }) =>
        style === placed.style && icon === placed.icon
      );
      return {
        id: drawing?.object ?? placed.icon,
        color: placed.paint?.color ?? drawing?.natural ?? null,
        eyes: placed.eyes?.color ?? null,
      };
    });
    assert(!isHeldOut(drawn), JSON.stringify(record));
    for (const caption of [...record.captions_en, ...record.captions_uk]) {
      assert(
        !/black (cat|kitty|kitten)s? with red eyes|чорн\S+ (кіт|кішка|котик|кошеня) [зі]+ червоними/i
          .test(caption),
        caption,
      );
    }
    if (drawn.some(({ id }) => id === "cat")) cats++;
    if (drawn.some(({ color, eyes }) => color !== null && eyes !== null)) eyed++;
  }
  assert(cats > 2500, `${cats} cats`);
  assert(eyed > 5_000, `${eyed} with colour and eyes`);
});

Deno.test("a record is the same whenever and in whatever order it is made", () => {
  const late = makeRecord(3, 41);
  makeRecord(3, 40);
  assertEquals(makeRecord(3, 41), late);
  assert(JSON.stringify(makeRecord(4, 41)) !== JSON.stringify(late));
});

Deno.test("captions name an edited object colour and edited eyes", () => {
  const colored = /black|white|gr[ae]y|red|orange|yellow|green|blue|purple|pink|brown|turquoise/i;
  for (let index = 0; index < 3000; index++) {
    const { record } = makeRecord(9, index);
    for (const caption of record.captions_en) {
      for (const { color, eyes } of record.objects) {
        for (const named of [color, eyes]) {
          if (named) {
            assert(new RegExp(named === "gray" ? "gr[ae]y" : named, "i").test(caption), caption);
          }
        }
      }
      const plain = record.objects.every(({ color, eyes, core }) => !color && !eyes && core);
      if (plain && record.background === "white" && colored.test(caption)) {
        assert(
          /white/i.test(caption) || record.objects.some(({ name_en }) => colored.test(name_en)),
          caption,
        );
      }
    }
  }
});

Deno.test("Ukrainian adjectives agree: hard and soft stems", () => {
  assertEquals((["m", "f", "n", "p"] as const).map((form) => inflect("чорн", form)), [
    "чорний",
    "чорна",
    "чорне",
    "чорні",
  ]);
  assertEquals((["m", "f", "n", "p"] as const).map((form) => inflect("син", form)), [
    "синій",
    "синя",
    "синє",
    "сині",
  ]);
  assertEquals(`з ${inflect("червон", "instrumental")} очима`, "з червоними очима");
  assertEquals(`на ${inflect("син", "locative")} тлі`, "на синьому тлі");
});

Deno.test("English plurals follow their rules and exceptions", () => {
  assertEquals(["cat", "fox", "bunny", "mouse", "wolf", "cup of tea", "bus"].map(plural), [
    "cats",
    "foxes",
    "bunnies",
    "mice",
    "wolves",
    "cups of tea",
    "buses",
  ]);
});

Deno.test("OKLab goes there and back, and every palette colour is nearest to its own name", () => {
  for (const color of COLORS) {
    assertEquals(toHex(toOklch(parseColor(PALETTE[color])!)), PALETTE[color]);
  }
  assert(Math.abs(hueDistance(3, -3) - (2 * Math.PI - 6)) < 1e-12);
});

Deno.test("recolouring keeps the order of light and shade", () => {
  const group = ["#ffc022", "#ff9b31", "#b85c3e"];
  for (const color of COLORS) {
    const map = recolouring(group, toOklch(parseColor(PALETTE[color])!));
    const [a, b, c] = group.map((before) => toOklch(parseColor(map.get(before)!)!).l);
    assert(a! >= b! && b! >= c!, color);
  }
});

Deno.test("the dominant group is the hue that covers most, without outlines and whites", () => {
  const areas = new Map([["#ffc022", 0.3], ["#ff9b31", 0.1], ["#ffffff", 0.2], ["#222222", 0.05]]);
  assertEquals(dominantGroup(areas), ["#ffc022", "#ff9b31"]);
});

Deno.test("eyes are found as a pair of equal dark shapes, in a path or as ellipses", () => {
  const face = '<circle cx="50" cy="50" r="45" fill="#fc0"/>';
  const apart = face +
    '<ellipse cx="30" cy="45" rx="5" ry="6" fill="#222"/><ellipse cx="70" cy="45" rx="5" ry="6" fill="#222"/>';
  const joined = face +
    '<path fill="#222" d="M25 45a5 6 0 1 0 10 0a5 6 0 1 0-10 0m40 0a5 6 0 1 0 10 0a5 6 0 1 0-10 0"/>';
  for (const svg of [apart, joined]) {
    const eyes = findEyes(parseSvg(svg), 100);
    assertEquals(eyes.map(([cx, cy]) => [cx, cy].map((x) => x.toFixed(2))), [["0.30", "0.45"], [
      "0.70",
      "0.45",
    ]]);
  }
  assertEquals(findEyes(parseSvg(face), 100), []);
});

Deno.test("outlines close subpaths and read glued arc flags", () => {
  const [polygon] = outlines({
    tag: "path",
    attributes: { d: "M2 0a2 2 0 104 0a2 2 0 10-4 0z" },
    children: [],
  });
  const xs = polygon!.filter((_, i) => i % 2 === 0);
  assert(Math.abs(Math.min(...xs) - 2) < 1e-9 && Math.abs(Math.max(...xs) - 6) < 1e-9);
});

Deno.test("an SVG is written as it was read, with its ids apart when asked", () => {
  const text = '<defs><path id="a" d="M0 0"/></defs><use href="#a" fill="url(#b)"/>';
  assertEquals(writeSvg(parseSvg(text)), text);
  assertEquals(
    writeSvg(parseSvg(text), "p"),
    '<defs><path id="pa" d="M0 0"/></defs><use href="#pa" fill="url(#pb)"/>',
  );
  assertThrows(() => parseSvg("<g></path>"), SyntaxError);
});

Deno.test("a run writes whole shards, the same from one worker as from two", async () => {
  const outs = await Promise.all([1, 2].map(async (workers) => {
    const out = await Deno.makeTempDir();
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--config",
        fromFileUrl(new URL("../deno.json", import.meta.url)),
        fromFileUrl(new URL("./main.ts", import.meta.url)),
        ...`--seed 5 --count 5 --shard-length 3 --size 32 --workers ${workers} --out ${out}`.split(
          " ",
        ),
      ],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    return out;
  }));
  for (const name of ["images-0000.u8", "images-0001.u8", "records-0001.jsonl", "vocab.json"]) {
    const [a, b] = await Promise.all(outs.map((out) => Deno.readFile(`${out}/${name}`)));
    assertEquals(a, b);
    if (name === "images-0001.u8") assertEquals(a!.length, 2 * 32 * 32 * 3);
  }
  for (const out of outs) await Deno.remove(out, { recursive: true });
});
