import { assertCats } from "../_shipped_model.ts";
import { ignore } from "./_long.ts";

for (
  const [withEyes, without] of [["black cat with red eyes", "black cat with green eyes"], [
    "чорний кіт з червоними очима",
    "чорний кіт із зеленими очима",
  ]] as const
) {
  Deno.test({
    name: `the model that ships draws "${withEyes}" with every one of four seeds`,
    ignore,
    fn: () => assertCats(withEyes, without, [1, 2, 3, 4]),
  });
}
