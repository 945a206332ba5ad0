import { join } from "@std/path";

/**
 * Everything in a folder but one of its subfolders: names, sizes, times, what it holds, and how many
 * names lead to it, since a hard link is a door too.
 */
export function watched(root: string, except: string): string {
  const lines: string[] = [];
  const walk = (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = join(folder, name);
      if (path === except) continue;
      const { size, mtime, nlink, mode, isFile } = Deno.lstatSync(path);
      if (isDirectory) {
        lines.push(path);
        walk(path);
      } else {
        const text = isFile && size < 1000 ? Deno.readTextFileSync(path) : "";
        lines.push([path, size, mtime?.getTime(), nlink, mode, text].join(" "));
      }
    }
  };
  walk(root);
  return lines.sort().join("\n");
}
